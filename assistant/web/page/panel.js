// The source panel: one passage at reading size, with its place, its dates and
// the span that supports the answer. A column where there is room, else a dialog.
import { $, alarm, button, el, go, hint, save, say, t } from './dom.js'
import { explain, file, of, passages, search } from './api.js'
import { documentAt, inForce, may, offers, segments, showDate, showPeriod } from './text.js'

const section = el('section', { id: 'source', class: 'source', tabindex: '0', 'aria-labelledby': 'source-title' })
const most = 30 // sentences listed that use a source
let shown = null // what show was given, with the place in its list
let drawn = null // the passage in the panel, and whether it is evidence
let service = null
let hover = () => {}

export function setService(s) { service = s }

// onHover sets who is told which source is pointed at, or null.
export function onHover(f) { hover = f }

// show opens the panel at sources[at] as of the day on; the list may grow. spans(source) gives the
// quotes to mark, users(source) the sentences that cite it as [{label, go}].
// back returns to where the reader came from; onChange(source) tells what is shown.
// sentence and feedback() are the sentence from which the reader came, if any; into
// is an element that holds the panel in the place of the column.
export function show(o) {
  shown = o
  if (!o.into) document.body.classList.add('with-source')
  const place = o.into ?? $('side'), asColumn = isShown(place)
  $('skip-source').hidden = false
  render(o.sources[o.at], true)
  if (asColumn) {
    place.append(section)
  } else {
    $('source-dialog').append(section)
    if (!$('source-dialog').open) $('source-dialog').showModal()
  }
  if (o.focus || !asColumn) $('source-title').focus()
}

const isShown = node => getComputedStyle(node).display !== 'none'

// hasColumn tells whether there is room for the panel beside an answer.
export const hasColumn = () => isShown($('side'))

// refresh draws the panel again when there are more sources to page through, or
// more sentences that use the one shown.
export function refresh() {
  if (!shown?.count || !drawn.cited || section.contains(document.activeElement)) return
  if (shown.count !== shown.sources.length || shown.using !== shown.users(drawn.source).length) render(shown.sources[shown.at], true)
}

export function clear() {
  if ($('source-dialog').open) $('source-dialog').close()
  shown = null
  section.remove()
  document.body.classList.remove('with-source')
  $('skip-source').hidden = true
}

// light marks the panel when its source is among ns; null marks nothing.
export function light(ns) {
  section.classList.toggle('lit', !!ns && !!shown && ns.includes(shown.sources[shown.at]?.n))
}

// placeColumn makes room for the panel before there is anything to show in it.
export function placeColumn(text = '문장 뒤의 번호를 누르면 근거가 여기에 보입니다.') {
  shown = null
  document.body.classList.add('with-source')
  section.replaceChildren(el('h2', { id: 'source-title', tabindex: '-1' }, t('근거')), hint(t(text)))
  if (hasColumn()) $('side').append(section)
}

function leave() {
  const back = shown?.back
  if ($('source-dialog').open) $('source-dialog').close()
  back?.()
}

function step(by) {
  shown.at = (shown.at + by + shown.sources.length) % shown.sources.length
  render(shown.sources[shown.at], true)
  $('source-title').focus()
}

const labels = { now: ['●', '현행'], past: ['◐', '연혁'], future: ['○', '시행예정'] }

// badge tells whether a period holds on a day, in a word with a shape; null where no dates are known.
export function badge(period, on) {
  const state = inForce(period, on)
  return state ? stateTag(state) : null
}

// stateTag is the badge of now, past or future.
export function stateTag(state) {
  const [shape, word] = labels[state]
  return el('span', { class: 'state ' + state }, el('span', { 'aria-hidden': 'true' }, shape + ' '), t(word))
}

function dates(source, on) {
  const period = source.in_force
  const parts = []
  if (period?.from || period?.until) {
    parts.push(hint(t('시행'), ' ', el('span', { class: 'nb' }, showPeriod(period, t('현재')))))
  }
  const today = service?.today
  if (source.changed) {
    parts.push(el('p', { class: 'hint attention' }, t(today && source.changed > today ? '{date}부터 다른 내용으로 시행될 예정입니다.' : '{date}부터 다른 내용으로 바뀌었습니다.', { date: showDate(source.changed) }), ' ',
      button('바뀐 조문 보기', () => successor(source), 'quiet small')))
  } else if (inForce(period, on) === 'now' && today && period.until && period.until <= today) {
    parts.push(el('p', { class: 'hint attention' }, t('기준일에는 현행이지만 {date}에 바뀌었습니다.', { date: showDate(period.until) })))
  }
  return parts
}

// successor shows how a clause is worded from the day on which it changed.
async function successor(source) {
  const o = shown
  try {
    const { hits } = await search({ query: source.cite, on: source.changed, limit: 5 })
    const hit = hits.find(h => h.cite === source.cite && h.chunk_id !== source.chunk_id)
    if (shown !== o) return
    if (!hit) return say(t('바뀐 조문을 찾지 못했습니다. 기준일을 바꿔 검색해 주세요.'))
    render(hit, false, source.changed, '바뀐 조문')
    $('source-title').focus()
  } catch (e) { alarm(explain(e)) }
}

const relations = { 정의: '용어 정의', 위임: '위임 관계', 인용: '인용 관계' }

// tag names how a passage that was not searched for belongs to another: see ground.Via.
export const tag = v => el('span', { class: 'tag' }, t(relations[v.kind] ?? v.kind))

const via = v => v ? hint(tag(v), ' ', t('다음 조문과 이어져 함께 살펴본 근거입니다.'), ' ', el('span', { lang: 'ko' }, v.cite)) : ''

// render draws one passage as of a day. cited is false for a neighbour, which is no evidence.
function render(source, cited, on = shown.on, word = '앞뒤 조문') {
  const o = shown
  drawn = { source, cited }
  const spans = cited ? o.spans(source) : []
  const parts = segments(source.text, spans)
  const marked = parts.some(p => p.marked)
  const users = cited ? o.users(source) : []
  o.count = o.sources.length
  o.using = users.length
  const name = cited ? [t(o.word), source.n].filter(Boolean).join(' ') : t(word)
  const text = el('div', { class: 'passage', lang: 'ko' }, parts.map(p => p.marked ? el('mark', {}, p.text) : p.text))
  section.replaceChildren(
    el('div', { class: 'source-head' },
      el('h2', { id: 'source-title', tabindex: '-1' }, name, ' ', badge(source.in_force, on)),
      cited && o.count > 1 ? el('span', { class: 'pager' },
        el('span', { class: 'hint' }, `${o.at + 1}/${o.count}`),
        el('button', { type: 'button', class: 'quiet square', 'aria-label': t('이전 근거'), click: () => step(-1) }, '‹'),
        el('button', { type: 'button', class: 'quiet square', 'aria-label': t('다음 근거'), click: () => step(1) }, '›')) : '',
      button(o.backWord, leave, 'quiet back')),
    el('p', { class: 'cite', lang: 'ko' }, source.cite || source.title),
    source.cite && source.title && !source.cite.includes(source.title) ? el('p', { class: 'hint', lang: 'ko' }, source.title) : '',
    source.path?.length ? el('ol', { class: 'path', 'aria-label': t('조문 위치'), lang: 'ko' }, source.path.map(p => el('li', {}, p))) : '',
    ...dates(source, on),
    hint([source.agency, source.page ? t('{n}쪽', { n: source.page }) : ''].filter(Boolean).join(', ')),
    via(source.via),
    text,
    spans.length && !marked ? el('p', { class: 'hint attention' }, t('근거 위치를 표시할 수 없습니다. 원문에서 확인해 주세요.')) : '',
    users.length ? el('p', { class: 'users' }, t('이 근거를 쓴 문장'), ': ',
      users.slice(0, most).map(u => el('button', { type: 'button', class: 'chip', click: u.go }, u.label)),
      users.length > most ? el('span', { class: 'hint' }, ' ' + t('외 {n}개', { n: users.length - most })) : '') : '',
    el('div', { class: 'actions' }, neighbours(source, on),
      cited ? '' : button('근거로 돌아가기', () => { render(o.sources[o.at], true); $('source-title').focus() }),
      original(source.url), ...ofDocument(source)),
    cited && o.feedback ? el('div', { class: 'about' }, hint(t('고른 문장'), ': ', el('span', { lang: 'ko' }, o.sentence)), button('의견 보내기', o.feedback)) : '')
  section.classList.remove('lit')
  if (!marked) section.scrollTop = 0
  else requestAnimationFrame(() => { // inside the panel only: the page itself never moves
    const m = text.querySelector('mark')
    if (m && (m.offsetTop < section.scrollTop || m.offsetTop > section.scrollTop + section.clientHeight - 80)) section.scrollTop = m.offsetTop - 120
  })
  if (cited) o.onChange?.(source)
}

// sent tells a file that came with the request: the service keeps nothing of it.
const sent = source => source.doc_id.startsWith('upload-')

// neighbours offers the clauses before and after, once the service has said which there are.
function neighbours(source, on) {
  const make = word => el('button', { type: 'button', 'aria-disabled': 'true' }, t(word))
  const [prev, next] = [make('이전 조문'), make('다음 조문')]
  const o = shown
  if (sent(source)) return ''
  passages(source.chunk_id, on, 1).then(list => {
    const i = list.findIndex(s => s.chunk_id === source.chunk_id)
    for (const [button, other] of [[prev, list[i - 1]], [next, list[i + 1]]]) {
      if (!other) continue
      button.setAttribute('aria-disabled', 'false')
      button.addEventListener('click', () => {
        const at = o.sources.findIndex(s => s.chunk_id === other.chunk_id)
        if (at >= 0) o.at = at
        render(at >= 0 ? o.sources[at] : other, at >= 0, on)
        $('source-title').focus()
      })
    }
    if (!source.url && list[i]?.url) next.after(original(list[i].url))
  }).catch(() => say(t('앞뒤 조문을 가져오지 못했습니다.')))
  return [prev, next]
}

// original links to the source's own address, if that is a web address.
function original(url) {
  let u
  try { u = new URL(url) } catch { return '' }
  if (u.protocol !== 'https:' && u.protocol !== 'http:') return ''
  return el('a', { class: 'button', href: u.href, target: '_blank', rel: 'noopener noreferrer' }, t('원문 열기(새 창)'))
}

// ofDocument leads to the whole document and to the file that it was read from.
function ofDocument(source) {
  if (sent(source)) return []
  return [
    offers(service, 'documents') && may(service, 'read') ? button('문서 보기', () => go(documentAt(source.doc_id))) : '',
    offers(service, 'uploads') ? button('원본 파일', async () => {
      try {
        const f = await file(of(source.doc_id) + '/original')
        save(f.blob, f.name || source.title)
        say(t('원본 파일을 내려받았습니다.'))
      } catch (e) { fail(explain(e)) }
    }) : '',
  ]
}

function fail(text) {
  section.querySelector('.error')?.remove()
  section.append(el('p', { class: 'error' }, text))
  alarm(text)
}

section.addEventListener('keydown', e => {
  if (e.key !== 'Escape' || e.isComposing || $('source-dialog').open) return
  e.stopPropagation()
  leave()
})
section.addEventListener('pointerenter', () => drawn?.cited && shown && hover(drawn.source))
section.addEventListener('pointerleave', () => hover(null))
$('source-dialog').addEventListener('cancel', e => { e.preventDefault(); leave() })
