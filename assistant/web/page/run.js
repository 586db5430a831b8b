// A task under way: sends it, follows its events, and says how it ended.
import { alarm, button, copy, el, errorLine, go, say, t } from './dom.js'
import * as api from './api.js'
import { draftAt, may, offers } from './text.js'

let service = null

export function setService(s) { service = s }

// run sends body to path and draws the events into view until their end, whatever
// that is; it returns the result, or null. busy(true or false) tells the form,
// retry() sends again, actions(result) are further buttons of the banner, rest(result)
// further buttons below the answer. The view is on the page already.
export async function run({ view, path, body, busy = () => {}, retry, actions, rest }) {
  const stop = new AbortController()
  let result = null
  busy(true, stop)
  view.tell('working', '처리 중', t('근거를 찾고 있습니다.'), button('중지', () => stop.abort()))
  view.pending.textContent = t('근거를 찾는 중')
  const tell = text => {
    view.outcome.querySelector('p').lastChild.textContent = text
    say(text)
  }
  say(t('근거를 찾고 있습니다.'))
  const clock = setInterval(() => say(view.sentences.length
    ? t('문장 {n}개를 확인했습니다.', { n: view.sentences.length })
    : t('시간이 더 걸리고 있습니다. 기다리거나 중지할 수 있습니다.')), 15000)
  const again = () => retry ? [button('다시 시도', retry)] : []
  try {
    for await (const { name, data } of api.stream(path, body, stop.signal)) {
      if (name === 'sources') {
        view.addSources(data.sources)
        if (data.sources.length) tell(t('근거 {n}건을 찾았습니다. 답변을 작성합니다.', { n: data.sources.length }))
        view.pending.textContent = t('다음 문장의 근거를 확인하는 중')
      } else if (name === 'block') view.addBlock(data)
      else if (name === 'sentence') view.addSentence(data)
      else if (name === 'warning') view.addWarning(data)
      else if (name === 'cut') tell(t('연결이 끊겼습니다. 이어서 받을 수 있는지 확인하고 있습니다.'))
      else if (name === 'resumed') tell(t('다시 연결했습니다. 이어서 받습니다.'))
      else if (name === 'done') {
        result = data
        await conclude(view, data, { retry, actions })
      }
    }
  } catch (e) {
    await view.drawing
    const kept = view.sentences.length ? t('여기까지는 근거를 확인한 문장입니다.') : ''
    if (e.name === 'AbortError') {
      view.tell('stopped', '중지했습니다', kept || t('다시 보내거나 질문을 바꿔 주세요.'), ...again())
      say(t('중지했습니다') + '. ' + kept)
    } else {
      const text = api.explain(e)
      view.tell('error', '처리하지 못했습니다', `${text} ${kept}`.trim(), ...again())
      alarm(text)
    }
    view.listUsed()
  } finally {
    clearInterval(clock)
    view.pending.textContent = ''
    busy(false)
  }
  offer(view, rest?.(result))
  return result
}

// conclude draws a whole answer, or the end of a streamed one, and says on top in
// words how it ended. silent: it is an answer of earlier.
export async function conclude(view, a, { retry, actions, silent } = {}) {
  for (const w of (silent && a.warnings) || []) view.addWarning(w)
  view.result = a
  await view.draw(a)
  const count = status => view.sentences.filter(s => s.sentence.status === status).length
  const n = view.sentences.length
  const modelDown = a.warnings?.some(w => w.code === 'model' || w.code === 'looped')
  const [word, text, ...more] = {
    answered: ['답변 완료', t('문장 {n}개의 근거를 모두 확인했습니다.', { n })],
    partial: ['일부 답변', count('unverified') + count('gap')
      ? t('확인 필요 {n}건, 작성 필요 {m}건이 있습니다.', { n: count('unverified'), m: count('gap') })
      : t('보이는 문장 {n}개는 근거를 확인했습니다. 빠진 내용은 주의를 보아 주세요.', { n })],
    extractive: ['발췌 답변', modelDown
      ? t('생성 모델이 응답하지 않습니다. 문서에서 찾은 문장을 먼저 보여 드립니다.')
      : a.warnings?.some(w => w.code === 'model_grade') ? t('근거의 보안등급이 모델에 허용된 등급보다 높습니다. 문서의 문장을 그대로 보여 드립니다.')
      : t('생성 모델 없이 문서의 문장을 그대로 보여 드립니다.'), modelDown && retry ? button('다시 시도', retry) : ''],
    no_source: ['답변 없음', t('검색 범위에서 근거를 찾지 못했습니다.')],
    blocked_personal_data: ['처리하지 않음', t('개인정보가 있습니다. 가린 뒤 보내 주세요.')],
    blocked_grade: ['답변 없음', t('현재 권한과 모델의 보안등급으로는 답변할 수 없습니다. 담당 부서에 문의해 주세요.')],
    out_of_scope: ['답변 없음', t('행정 업무와 관련 없는 질문으로 보입니다. 질문을 바꿔 주세요.')],
  }[a.outcome] ?? ['처리 결과', a.outcome]
  view.tell(a.outcome, word, text, ...[...more, ...(actions?.(a) ?? [])].filter(Boolean))
  if (silent) return offer(view)
  const listed = view.warningList.children.length
  say(`${t(word)}: ${text}${listed ? ' ' + t('주의 {n}건', { n: listed }) : ''}`)
}

// offer puts what can be done with an answer below it.
function offer(view, more = []) {
  if (!view.sentences.length) return
  const a = view.result
  const draft = !a || !offers(service, 'drafts') || !may(service, 'draft') ? '' : a.draft
    ? button('초안 열기', () => go(draftAt(a.draft.id)), 'primary')
    : keepButton(a)
  view.actions.replaceChildren(...[draft, button('공문 형식으로 복사', () => copy(view.plain(), t('공문 형식으로 복사했습니다.'))),
    button('인쇄', () => print()), ...more].filter(Boolean))
}

function keepButton(a) {
  const key = api.once()
  const b = button('초안으로 저장', async () => {
    if (b.getAttribute('aria-disabled') === 'true') return
    b.setAttribute('aria-disabled', 'true')
    try {
      const { conversation, draft, ...answer } = a
      const kept = await api.post('/v1/drafts', { answer }, { headers: key })
      go(draftAt(kept.id))
    } catch (e) { error.tell(api.explain(e)) }
    b.setAttribute('aria-disabled', 'false')
  })
  const error = errorLine()
  return el('span', { class: 'with-error' }, b, error)
}
