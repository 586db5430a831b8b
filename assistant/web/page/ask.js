// The task 질문: sends a question, follows the stream, keeps the answers of this window.
import { $, alarm, el, say, t } from './dom.js'
import * as api from './api.js'
import { AnswerView } from './answer.js'
import { bindForm, explain } from './form.js'
import * as panel from './panel.js'

const works = [] // {n, question, view}, newest last; kept in memory only
let running = null // AbortController of the answer under way
let visible = 0 // number of the work on the page, 0 for none
let go = () => {} // moves to a work: set by the router
const form = bindForm({ form: 'ask-form', field: 'question', on: 'ask-on', kind: 'ask-kind', empty: '질문을 입력해 주세요.', submit: send, multiline: true })

export function onGo(f) { go = f }

// show puts work n on the page, or the empty form. A number that this window does
// not know (the page was loaded again) is the empty form, too.
export function show(n) {
  const work = works.find(w => w.n === n)
  visible = work ? n : 0
  $('work').replaceChildren(...(work ? [work.view.node] : []))
  $('ask-intro').hidden = !!work
  $('examples').hidden = !!work || !$('example-list').children.length
  $('question-label').textContent = t(work ? '다른 질문' : '질문 (필수)')
  panel.clear()
  if (work) {
    if (!work.view.answer || work.view.sentences.length) panel.placeColumn()
    if (work.view.sentences[0]?.refs.length) work.view.first()
  }
  listRecent()
  return work ? t('작업 {n}', { n }) : ''
}

// fill puts an example into the field; undo brings back what stood there.
export function fill(question) {
  form.field.focus()
  form.field.select()
  if (!document.execCommand('insertText', false, question)) form.field.value = question
}

function listRecent() {
  $('recent-list').replaceChildren(...works.toReversed().map(w => el('li', {},
    el('a', { href: '/?n=' + w.n, 'aria-current': w.n === visible ? 'page' : null, lang: 'ko', click: e => { e.preventDefault(); go(w.n) } }, w.question))))
  $('recent-empty').hidden = works.length > 0
  $('recent-note').hidden = works.length === 0
}

async function send(req, scope) {
  if (running) {
    say(t('답변을 작성하고 있습니다. 끝난 뒤에 보내거나 중지해 주세요.'))
    return
  }
  const work = { n: works.length + 1, question: req.text, view: new AnswerView(req.text, req.on || form.today(), scope) }
  works.push(work)
  go(work.n)
  work.view.title.focus({ preventScroll: true })
  scrollTo(0, 0)
  await run(work, req)
}

// run follows one answer to its end, whatever that is.
async function run(work, req) {
  const view = work.view
  const stop = running = new AbortController()
  form.busy(true)
  view.tell('working', '처리 중', t('근거를 찾고 있습니다.'), el('button', { type: 'button', click: () => stop.abort() }, t('중지')))
  view.pending.textContent = t('근거를 찾는 중')
  say(t('근거를 찾고 있습니다.'))
  const clock = setInterval(() => say(view.sentences.length
    ? t('문장 {n}개를 확인했습니다.', { n: view.sentences.length })
    : t('시간이 더 걸리고 있습니다. 기다리거나 중지할 수 있습니다.')), 15000)
  const retry = () => el('button', { type: 'button', click: () => { if (!running) sendAgain(work, req) } }, t('다시 시도'))
  try {
    for await (const { name, data } of api.answer({ question: req.text, on: req.on || undefined, kinds: req.kinds }, stop.signal)) {
      if (name === 'sources') {
        view.addSources(data.sources)
        if (data.sources.length) {
          const text = t('근거 {n}건을 찾았습니다. 답변을 작성합니다.', { n: data.sources.length })
          view.outcome.querySelector('p').lastChild.textContent = text
          say(text)
        }
        view.pending.textContent = t('다음 문장의 근거를 확인하는 중')
      } else if (name === 'sentence') view.addSentence(data)
      else if (name === 'warning') view.addWarning(data)
      else if (name === 'done') conclude(view, data, retry)
    }
  } catch (e) {
    const kept = view.sentences.length ? t('여기까지는 근거를 확인한 문장입니다.') : ''
    if (e.name === 'AbortError') {
      view.tell('stopped', '중지했습니다', kept || t('다시 보내거나 질문을 바꿔 주세요.'), retry())
      say(t('중지했습니다') + '. ' + kept)
    } else {
      const text = explain(e)
      view.tell('error', '처리하지 못했습니다', `${text} ${kept}`, retry())
      alarm(text)
    }
    view.listUsed()
  } finally {
    clearInterval(clock)
    view.pending.textContent = ''
    running = null
    form.busy(false)
  }
  if (view.sentences.length) view.actions.replaceChildren(copyButton(view), el('button', { type: 'button', click: () => print() }, t('인쇄')))
}

// sendAgain repeats a question as a new answer in the place of the old one.
function sendAgain(work, req) {
  work.view = new AnswerView(req.text, req.on || form.today(), work.view.node.querySelector('.scope').textContent)
  if (visible === work.n) show(work.n)
  work.view.title.focus({ preventScroll: true })
  run(work, req)
}

// conclude says how the answer ended, in words, on top.
function conclude(view, a, retry) {
  view.finish(a)
  const count = status => view.sentences.filter(s => s.sentence.status === status).length
  const n = view.sentences.length
  const toSearch = el('button', { type: 'button', click: () => document.dispatchEvent(new CustomEvent('search-for', { detail: a.question })) }, t('검색에서 찾아보기'))
  const toDate = el('button', { type: 'button', click: () => $('ask-on').focus() }, t('기준일 바꾸기'))
  const modelDown = a.warnings?.some(w => w.code === 'model' || w.code === 'looped')
  const say1 = {
    answered: ['답변 완료', t('문장 {n}개의 근거를 모두 확인했습니다.', { n })],
    partial: ['일부 답변', count('unverified') + count('gap')
      ? t('확인 필요 {n}건, 작성 필요 {m}건이 있습니다.', { n: count('unverified'), m: count('gap') })
      : t('보이는 문장 {n}개는 근거를 확인했습니다. 빠진 내용은 주의를 보아 주세요.', { n })],
    extractive: ['발췌 답변', modelDown
      ? t('생성 모델이 응답하지 않습니다. 문서에서 찾은 문장을 먼저 보여 드립니다.')
      : t('생성 모델 없이 문서의 문장을 그대로 보여 드립니다.'), modelDown ? [retry()] : []],
    no_source: ['답변 없음', t('검색 범위에서 근거를 찾지 못했습니다.'), [toDate, toSearch]],
    blocked_personal_data: ['처리하지 않음', t('개인정보가 있습니다. 가린 뒤 보내 주세요.')],
    blocked_grade: ['답변 없음', t('현재 권한과 모델의 보안등급으로는 답변할 수 없습니다. 담당 부서에 문의해 주세요.')],
    out_of_scope: ['답변 없음', t('행정 업무와 관련 없는 질문으로 보입니다. 질문을 바꿔 주세요.')],
  }[a.outcome] ?? ['처리 결과', a.outcome]
  view.tell(a.outcome, say1[0], say1[1], ...(say1[2] ?? []))
  const listed = view.warningList.children.length
  const cautions = listed ? ' ' + t('주의 {n}건', { n: listed }) : ''
  say(`${t(say1[0])}: ${say1[1]}${cautions}`)
}

function copyButton(view) {
  return el('button', { type: 'button', click: async () => {
    try {
      await navigator.clipboard.writeText(view.plain())
      toast(t('공문 형식으로 복사했습니다.'))
    } catch {
      toast(t('복사하지 못했습니다. 글을 직접 선택해 복사해 주세요.'))
    }
  } }, t('공문 형식으로 복사'))
}

function toast(text) {
  const node = el('p', { class: 'toast', 'aria-hidden': 'true' }, text)
  document.body.append(node)
  say(text)
  setTimeout(() => node.remove(), 6000)
}
