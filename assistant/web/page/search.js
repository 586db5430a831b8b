// The task 검색: ranked passages, opened in the source panel.
import { $, alarm, el, say, t } from './dom.js'
import * as api from './api.js'
import { bindForm, explain } from './form.js'
import * as panel from './panel.js'
import { kinds } from './text.js'

let running = null
const form = bindForm({ form: 'search-form', field: 'query', on: 'search-on', kind: 'search-kind', empty: '찾을 말을 입력해 주세요.', submit: find })

export function searchFor(text) {
  form.field.value = text
  form.send()
}

async function find(req) {
  running?.abort()
  const mine = running = new AbortController()
  const wait = setTimeout(() => say(t('찾고 있습니다.')), 1000)
  try {
    const res = await api.search({ query: req.text, on: req.on || undefined, kinds: req.kinds, limit: 20 }, mine.signal)
    draw(res)
  } catch (e) {
    if (e.name === 'AbortError') return
    const text = explain(e)
    $('results').replaceChildren(el('section', { class: 'outcome', 'data-kind': 'error', 'aria-label': t('처리 결과') },
      el('p', {}, el('strong', {}, t('처리하지 못했습니다'), ': '), text),
      el('div', { class: 'actions' }, el('button', { type: 'button', click: () => form.send() }, t('다시 시도')))))
    alarm(text)
  } finally {
    clearTimeout(wait)
  }
}

function draw(res) {
  panel.clear()
  const n = res.hits.length
  const said = n ? t('{n}건을 찾았습니다.', { n }) : t('찾은 문서가 없습니다. 단어를 줄이거나 기준일을 바꿔 보세요.')
  const sources = res.hits.map(h => ({ ...h, n: h.rank }))
  $('results').replaceChildren(
    el('h2', {}, t('검색 결과 {n}건', { n })),
    el('p', { class: 'hint' }, n === 0 ? said : res.mode === 'words' ? t('단어 검색으로 찾았습니다.') : ''),
    el('ul', { class: 'warnings' }, (res.warnings || []).map(w => el('li', {}, el('strong', {}, t('주의'), ': '), el('span', { lang: 'ko' }, w.text)))),
    el('ol', { class: 'hits' }, sources.map((h, at) => hit(h, at, sources, res.on))))
  say(said)
  if (n) panel.placeColumn()
}

function hit(h, at, sources, on) {
  const open = el('button', { type: 'button', class: 'link' }, h.cite || h.title)
  open.addEventListener('click', e => panel.show({
    sources, at, on, focus: e.detail === 0, word: t('결과'), backWord: '결과로 돌아가기', back: () => open.focus(), spans: () => [], users: () => [],
    onChange: s => { for (const li of $('results').querySelectorAll('.hits > li')) li.classList.toggle('lit', li.dataset.id === s.chunk_id) },
  }))
  return el('li', { 'data-id': h.chunk_id, lang: 'ko' },
    el('h3', {}, open),
    el('p', { class: 'hint' }, panel.badge(h.in_force, on), ' ', [kinds[h.kind] ? t(kinds[h.kind]) : h.kind, h.cite?.includes(h.title) ? '' : h.title, h.path?.join(' > ')].filter(Boolean).join(', ')),
    el('p', { class: 'snippet' }, h.text))
}
