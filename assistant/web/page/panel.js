// The source panel: one passage at reading size, with its place, its dates and
// the span that supports the answer. A column where there is room, else a dialog.
import { $, el, say, t } from './dom.js'
import { passages } from './api.js'
import { inForce, segments, showDate } from './text.js'

const section = el('section', { id: 'source', class: 'source', tabindex: '0', 'aria-labelledby': 'source-title' })
let shown = null // what show was given, with the place in its list
let today = ''

export function setToday(day) { today = day }

// show opens the panel at sources[at] as of the day on; the list may grow. spans(source) gives the
// quotes to mark, users(source) the sentences that cite it as [{label, go}].
// back returns to where the reader came from; onChange(source) tells what is shown.
export function show(o) {
  shown = o
  const asColumn = getComputedStyle($('side')).display !== 'none'
  document.body.classList.add('with-source')
  $('skip-source').hidden = false
  render(o.sources[o.at], true)
  if (asColumn) {
    $('side').append(section)
  } else {
    $('source-dialog').append(section)
    if (!$('source-dialog').open) $('source-dialog').showModal()
  }
  if (o.focus || !asColumn) $('source-title').focus()
}

// refresh draws the panel again when there are more sources to page through.
export function refresh() {
  if (shown?.count !== undefined && shown.count !== shown.sources.length) render(shown.sources[shown.at], true)
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
  section.classList.toggle('lit', !!ns && !!shown && ns.includes(shown.sources[shown.at].n))
}

// placeColumn makes room for the panel before there is anything to show in it.
export function placeColumn() {
  document.body.classList.add('with-source')
  section.replaceChildren(el('h2', { id: 'source-title', tabindex: '-1' }, t('근거')),
    el('p', { class: 'hint' }, t('문장 뒤의 번호를 누르면 근거가 여기에 보입니다.')))
  if (getComputedStyle($('side')).display !== 'none') $('side').append(section)
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

export function badge(period, on) {
  const state = inForce(period, on)
  if (!state) return null
  const [shape, word] = labels[state]
  return el('span', { class: 'state ' + state }, el('span', { 'aria-hidden': 'true' }, shape + ' '), t(word))
}

function dates(period, on) {
  if (!period?.from && !period?.until) return []
  const from = period.from ? showDate(period.from) : ''
  const until = period.until ? showDate(period.until) : t('현재')
  const parts = [el('p', { class: 'hint' }, t('시행'), ' ', el('span', { class: 'nb' }, `${from} ∼ ${until}`))]
  if (inForce(period, on) === 'now' && today && period.until && period.until <= today) {
    parts.push(el('p', { class: 'hint attention' }, t('기준일에는 현행이지만 {date}에 바뀌었습니다.', { date: showDate(period.until) })))
  }
  return parts
}

// render draws one passage. cited is false for a neighbour, which is no evidence.
function render(source, cited) {
  const o = shown
  const spans = cited ? o.spans(source) : []
  const parts = segments(source.text, spans)
  const marked = parts.some(p => p.marked)
  const users = cited ? o.users(source) : []
  o.count = o.sources.length
  const name = cited ? `${o.word} ${source.n}` : t('앞뒤 조문')
  const text = el('div', { class: 'passage', lang: 'ko' }, parts.map(p => p.marked ? el('mark', {}, p.text) : p.text))
  section.replaceChildren(
    el('div', { class: 'source-head' },
      el('h2', { id: 'source-title', tabindex: '-1' }, name, ' ', badge(source.in_force, o.on)),
      cited && o.count > 1 ? el('span', { class: 'pager' },
        el('span', { class: 'hint' }, `${o.at + 1}/${o.count}`),
        el('button', { type: 'button', class: 'quiet square', 'aria-label': t('이전 근거'), click: () => step(-1) }, '‹'),
        el('button', { type: 'button', class: 'quiet square', 'aria-label': t('다음 근거'), click: () => step(1) }, '›')) : '',
      el('button', { type: 'button', class: 'quiet back', click: leave }, t(o.backWord))),
    el('p', { class: 'cite', lang: 'ko' }, source.cite || source.title),
    source.cite && source.title && !source.cite.includes(source.title) ? el('p', { class: 'hint', lang: 'ko' }, source.title) : '',
    source.path?.length ? el('ol', { class: 'path', 'aria-label': t('조문 위치'), lang: 'ko' }, source.path.map(p => el('li', {}, p))) : '',
    ...dates(source.in_force, o.on),
    el('p', { class: 'hint' }, [source.agency, source.page ? t('{n}쪽', { n: source.page }) : ''].filter(Boolean).join(', ')),
    text,
    spans.length && !marked ? el('p', { class: 'hint attention' }, t('근거 위치를 표시할 수 없습니다. 원문에서 확인해 주세요.')) : '',
    users.length ? el('p', { class: 'users' }, t('이 근거를 쓴 문장'), ': ',
      users.map(u => el('button', { type: 'button', class: 'chip', click: u.go }, u.label))) : '',
    el('div', { class: 'actions' }, neighbours(source),
      cited ? '' : el('button', { type: 'button', click: () => { render(o.sources[o.at], true); $('source-title').focus() } }, t('근거로 돌아가기')),
      original(source.url)))
  section.classList.remove('lit')
  if (!marked) section.scrollTop = 0
  else requestAnimationFrame(() => { // inside the panel only: the page itself never moves
    const m = text.querySelector('mark')
    if (m && (m.offsetTop < section.scrollTop || m.offsetTop > section.scrollTop + section.clientHeight - 80)) section.scrollTop = m.offsetTop - 120
  })
  if (cited) o.onChange?.(source)
}

// neighbours offers the clauses before and after, once the service has said which there are.
function neighbours(source) {
  const make = word => el('button', { type: 'button', 'aria-disabled': 'true' }, t(word))
  const [prev, next] = [make('이전 조문'), make('다음 조문')]
  const o = shown
  passages(source.chunk_id, o.on, 1).then(list => {
    const i = list.findIndex(s => s.chunk_id === source.chunk_id)
    for (const [button, other] of [[prev, list[i - 1]], [next, list[i + 1]]]) {
      if (!other) continue
      button.setAttribute('aria-disabled', 'false')
      button.addEventListener('click', () => {
        const at = o.sources.findIndex(s => s.chunk_id === other.chunk_id)
        if (at >= 0) o.at = at
        render(at >= 0 ? o.sources[at] : other, at >= 0)
        $('source-title').focus()
      })
    }
    if (!source.url && list[i]?.url) prev.parentElement?.append(original(list[i].url))
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

section.addEventListener('keydown', e => {
  if (e.key !== 'Escape' || e.isComposing || $('source-dialog').open) return
  e.stopPropagation()
  leave()
})
$('source-dialog').addEventListener('cancel', e => { e.preventDefault(); leave() })
