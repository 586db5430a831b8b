// The view 문서: the library, one document, and files on their way in.
import { button, confirmed, el, errorLine, go, heading, hint, link, save, say, t, toast } from './dom.js'
import * as api from './api.js'
import { dateField, field, select } from './fields.js'
import * as panel from './panel.js'
import { failed } from './task.js'
import { documentAt, grades, kinds, may, noDate, offers, showDate, showPeriod } from './text.js'
import { uploader } from './upload.js'

const states = { in_force: '현행', past: '연혁', future: '시행예정' }
let kept = null // the list with its filter, while the window is open

export function show(section, params, service) {
  panel.clear()
  section.classList.remove('narrow')
  const id = params.get('id')
  if (id) return one(section, id, service)
  const lang = document.documentElement.lang
  if (kept?.lang !== lang || kept.who !== service) kept = { lang, who: service, node: library(service) }
  section.replaceChildren(kept.node)
}

const stateOf = d => panel.stateTag(d.state === 'in_force' ? 'now' : d.state)
const choice = (words, offered = Object.keys(words)) => select([['', t('전체')], ...offered.map(k => [k, t(words[k] ?? k)])], '')
const period = d => d.from || d.until ? showPeriod(d) : d.dated ? showDate(d.dated) : '-'

function library(service) {
  const kind = choice(kinds, service.kinds ?? [])
  const grade = choice(grades)
  const state = choice(states)
  const agency = el('input', { autocomplete: 'off', maxlength: '100' })
  const title = el('input', { autocomplete: 'off', maxlength: '200', type: 'search' })
  const since = dateField(t('바뀐 날짜 이후'), () => '')
  const error = errorLine()
  const count = hint()
  const body = el('tbody')
  const more = el('p', { class: 'actions' })
  const table = el('table', { class: 'library' }, el('caption', { class: 'vh' }, t('문서')), el('thead', {}, el('tr', {},
    ['제목', '종류', '기관', '시행일', '등급', '상태'].map(w => el('th', { scope: 'col' }, t(w))))), body)
  const row = d => el('tr', {}, el('th', { scope: 'row', lang: 'ko' }, link(documentAt(d.id), d.title)),
    [t(kinds[d.kind] ?? d.kind), d.agency ?? '-', el('span', { class: 'nb' }, period(d)), t(grades[d.grade]), stateOf(d)].map(c => el('td', {}, c)))
  const load = async after => {
    error.tell(since.day === null ? t(noDate) : '')
    if (since.day === null) return since.input.focus()
    const q = new URLSearchParams({ limit: '50' })
    for (const [k, v] of [['kind', kind.value], ['grade', grade.value], ['state', state.value], ['agency', agency.value.trim()], ['title', title.value.trim()], ['changed_since', since.day], ['after', after]]) if (v) q.set(k, v)
    try {
      const { documents, next } = await api.get('/v1/documents?' + q)
      if (!after) body.replaceChildren()
      const first = body.children.length
      body.append(...documents.map(row))
      const n = body.children.length
      count.textContent = n ? t(next ? '{n}건을 먼저 보여 드립니다.' : '{n}건', { n }) : t(q.size > 1 ? '찾은 문서가 없습니다. 조건을 줄여 보세요.' : '아직 문서가 없습니다. 파일을 올려 주세요.')
      table.hidden = !n
      say(count.textContent)
      more.replaceChildren(...(next ? [button('더 보기', () => load(next))] : []))
      if (after) body.children[first]?.querySelector('a').focus()
    } catch (e) { more.replaceChildren(failed(e, () => load(after))) }
  }
  const form = el('form', { class: 'card filter', role: 'search', 'aria-label': t('문서 찾기'), submit: e => { e.preventDefault(); load('') } },
    el('div', { class: 'options' }, field(t('제목의 낱말'), title), field(t('문서 종류'), kind), field(t('기관'), agency), field(t('등급'), grade), field(t('상태'), state), since,
      el('div', { class: 'actions' }, el('button', { class: 'primary' }, t('찾기')), button('지우기', () => { form.reset(); load('') }))), error)
  load('')
  return el('div', { class: 'stack' }, heading(t('문서')),
    may(service, 'documents') && offers(service, 'uploads') ? uploader(service, () => load('')) : '', form, count, table, more)
}

async function one(section, id, service) {
  section.replaceChildren(heading(t('문서')), hint(t('불러오는 중')))
  let d
  try { d = await api.get(api.of(id)) } catch (e) {
    section.replaceChildren(heading(t('문서')), failed(e, () => one(section, id, service)), el('p', {}, link('/documents', t('문서 목록'))))
    return
  }
  if (new URLSearchParams(location.search).get('id') !== id) return
  const error = errorLine()
  const attempt = what => async () => {
    error.tell('')
    try { await what() } catch (e) { error.tell(api.explain(e)); error.scrollIntoView({ block: 'nearest' }) }
  }
  const facts = [['종류', t(kinds[d.kind] ?? d.kind)], ['기관', d.agency], ['시행일', period(d)], ['등급', t(grades[d.grade])], ['열람 대상', d.readers?.map(r => r === 'public' ? t('모두') : r).join(', ')],
    ['문서요지', d.gist], ['키워드', d.keywords?.join(', ')], ['파일', d.file]].filter(f => f[1])
  const body = el('div', { class: 'passages' })
  const more = el('p', { class: 'actions' })
  let next = '', busy = null
  const load = () => busy ??= (async () => {
    const got = await api.get(`${api.of(id)}/passages?limit=20${next ? '&after=' + next : ''}`)
    body.append(...got.passages.map(p => el('section', { tabindex: '-1', 'data-chunk': p.chunk_id, lang: 'ko' }, el('h3', {}, p.path?.at(-1) || p.cite || t('본문'), p.page ? el('span', { class: 'hint' }, ' ' + t('{n}쪽', { n: p.page })) : ''), el('div', { class: 'passage' }, p.text))))
    next = got.next ?? ''
    more.replaceChildren(...(next ? [button('이어서 보기', attempt(load))] : []))
  })().finally(() => { busy = null })
  const jump = async chunk => {
    let node
    while (!(node = body.querySelector(`[data-chunk="${chunk}"]`)) && next) await load()
    node?.scrollIntoView({ block: 'start' })
    node?.focus({ preventScroll: true })
  }
  const ask = async (method, to, said) => {
    const job = await api.call(method, to, undefined, method === 'POST' ? { headers: api.once() } : {}).then(r => r.json())
    say(t('맡겼습니다. 끝나면 알려 드립니다.'))
    for await (const e of api.follow('/v1/jobs/' + job.id)) if (e.name === 'done') {
      if (e.data.state !== 'done') throw new api.Problem({ code: 'job', detail: e.data.error })
      toast(said)
    }
    kept = null
  }
  section.replaceChildren(el('div', { class: 'stack' },
    el('p', { class: 'crumb' }, link('/documents', t('문서 목록'))), heading(d.title, { lang: 'ko' }), el('p', {}, stateOf(d)),
    el('dl', { class: 'facts' }, facts.map(([k, v]) => el('div', {}, el('dt', {}, t(k)), el('dd', { lang: 'ko' }, v)))),
    el('div', { class: 'actions' }, button('원본 내려받기', attempt(async () => { const f = await api.file(api.of(id) + '/original'); save(f.blob, f.name || d.file) })),
      may(service, 'documents') ? button('다시 읽기', attempt(async () => { await ask('POST', api.of(id) + '/reingest', t('다시 읽었습니다.')); one(section, id, service) })) : '',
      may(service, 'documents') && d.uploaded ? button('문서 삭제', attempt(async () => {
        if (!await confirmed(t('이 문서를 삭제할까요?'), t('검색에서 바로 빠지며 되돌릴 수 없습니다.'), t('문서 삭제'))) return
        await ask('DELETE', api.of(id), t('문서를 삭제했습니다.'))
        go('/documents')
      }), 'quiet') : ''), error,
    d.near ? el('p', { class: 'hint attention' }, t('거의 같은 새 문서가 있습니다.'), ' ', link(documentAt(d.near), t('새 문서 보기'))) : '',
    d.versions.length > 1 ? el('section', {}, el('h2', {}, t('버전 {n}개', { n: d.versions.length })), el('ul', { class: 'rows' }, d.versions.map(v => el('li', {},
      v.id === id ? el('strong', { class: 'nb' }, period(v)) : link(documentAt(v.id), period(v), { class: 'nb' }), stateOf(v), v.id === id ? el('span', { class: 'hint' }, t('보고 있는 버전')) : '')))) : '',
    el('div', { class: 'reader' }, d.outline.length > 1 ? el('details', { open: innerWidth > 1000, class: 'outline' }, el('summary', {}, el('h2', {}, t('목차 {n}', { n: d.outline.length }))), el('ol', { lang: 'ko' }, d.outline.map(o => el('li', { class: 'level' + Math.min(o.path.length, 4) },
      el('button', { type: 'button', class: 'link', click: attempt(() => jump(o.chunk_id)) }, o.path.at(-1) ?? o.cite))))) : '',
    el('section', {}, el('h2', {}, t('본문')), body, more))))
  section.querySelector('h1').focus({ preventScroll: true })
  attempt(load)()
}
