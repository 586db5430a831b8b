// The task 검색: ranked passages, opened in the source panel.
import { $, alarm, button, copy, el, hint, link, say, t } from './dom.js'
import * as api from './api.js'
import { citation, feedback } from './answer.js'
import { bindForm } from './form.js'
import * as panel from './panel.js'
import { dated, documentAt, kinds, may, offers, showDate } from './text.js'

let running = null
let service = null
let limit = 20
const form = bindForm({ form: 'search-form', field: 'query', on: 'search-on', kind: 'search-kind', agency: 'search-agency', empty: '찾을 말을 입력해 주세요.', submit: req => { limit = 20; return find(req) } })

export function setService(s) { service = s }

export function searchFor(text) {
  form.field.value = text
  form.send()
}

async function find(req) {
  running?.abort()
  const mine = running = new AbortController()
  const wait = setTimeout(() => say(t('찾고 있습니다.')), 1000)
  try {
    const res = await api.search({ query: req.text, on: req.on || undefined, kinds: req.kinds, agencies: req.agencies, limit }, mine.signal)
    draw(res, req)
  } catch (e) {
    if (e.name === 'AbortError') return
    const text = api.explain(e)
    $('results').replaceChildren(el('div', { class: 'outcome', 'data-kind': 'error' },
      el('p', {}, el('strong', {}, t('처리하지 못했습니다'), ': '), text),
      el('div', { class: 'actions' }, button('다시 시도', () => form.send()))))
    alarm(text)
  } finally {
    clearTimeout(wait)
  }
}

function draw(res, req) {
  panel.clear()
  const n = res.hits.length
  const said = n ? t('{n}건을 찾았습니다.', { n }) : t('찾은 문서가 없습니다. 단어를 줄이거나 기준일을 바꿔 보세요.')
  const sources = res.hits.map(h => ({ ...h, n: h.rank }))
  const groups = new Map() // what stands in the same place of a document is one result
  for (const [at, h] of sources.entries()) {
    const place = h.doc_id + ' ' + h.cite
    groups.set(place, [...groups.get(place) ?? [], at])
  }
  const more = n === limit && limit < 100 ? button('결과 더 보기', async () => { // the results that were there stay where they are
    limit += 20
    const shown = groups.size
    await find(req)
    $('results').querySelectorAll('.hits > li')[shown]?.querySelector('h3 button').focus()
  }) : ''
  $('results').replaceChildren(
    el('h2', {}, t('검색 결과 {n}건', { n })),
    hint(n === 0 ? said : res.mode === 'words' && service?.mode !== 'words' ? t('단어 검색으로 찾았습니다.') : ''),
    el('ul', { class: 'warnings' }, (res.warnings || []).map(w => el('li', {}, el('strong', {}, t('주의'), ': '), el('span', { lang: 'ko' }, dated(w.text))))),
    el('ol', { class: 'hits' }, [...groups.values()].map(g => hit(g, sources, res))), more)
  say(said)
  if (n) panel.placeColumn('제목을 누르면 그 조문이 여기에 보입니다.')
}

// open shows a passage that a result brings along.
const look = (list, at, on, from) => panel.show({ sources: list, at, on, focus: true, word: '함께 찾은 조문', backWord: '결과로 돌아가기', back: () => from.focus(), spans: () => [], users: () => [] })

function hit([first, ...rest], sources, res) {
  const h = sources[first]
  const on = res.on
  const opener = (at, words) => {
    const open = el('button', { type: 'button', class: 'link', click: e => panel.show({
      sources, at, on, focus: e.detail === 0, word: '결과', backWord: '결과로 돌아가기', back: () => open.focus(), spans: () => [], users: () => [],
      onChange: s => { for (const li of $('results').querySelectorAll('.hits > li')) li.classList.toggle('lit', li.dataset.ids.split(' ').includes(s.chunk_id)) },
    }) }, words)
    return open
  }
  const part = p => {
    const b = el('button', { type: 'button', class: 'link', click: async () => {
      try {
        const list = await api.passages(p.chunk_id, on, 0)
        look(list, 0, on, b)
      } catch (e) { alarm(api.explain(e)) }
    } }, p.cite)
    return b
  }
  const others = h.repeats ?? []
  return el('li', { 'data-ids': [first, ...rest].map(at => sources[at].chunk_id).join(' '), lang: 'ko' },
    el('h3', {}, opener(first, h.cite || h.title)),
    hint(panel.badge(h.in_force, on), ' ', [kinds[h.kind] ? t(kinds[h.kind]) : h.kind, h.cite?.includes(h.title) ? '' : h.title, h.path?.join(' > '), h.page ? t('{n}쪽', { n: h.page }) : ''].filter(Boolean).join(', '),
      h.changed ? el('span', { class: 'attention nb' }, ' ' + t('{date} 개정', { date: showDate(h.changed) })) : ''),
    el('p', { class: 'snippet' }, h.text),
    h.parts?.length ? el('p', { class: 'hint also' }, t('같은 조문에서 함께 찾음'), ': ', h.parts.map(part)) : '',
    h.context?.length ? el('ul', { class: 'context' }, h.context.map((s, i) => {
      const b = el('button', { type: 'button', class: 'link', click: () => look(h.context, i, on, b) }, s.cite || s.title)
      return el('li', {}, s.via ? panel.tag(s.via) : '', ' ', b)
    })) : '',
    rest.length ? el('details', {}, el('summary', {}, t('같은 곳의 다른 구절 {n}건', { n: rest.length })),
      el('ul', {}, rest.map(at => el('li', {}, opener(at, Array.from(sources[at].text.replace(/\s+/g, ' ')).slice(0, 60).join('') + '…'))))) : '',
    others.length ? el('details', {}, el('summary', {}, t('비슷한 문서 {n}건', { n: others.length })),
      el('ul', {}, others.map(r => el('li', {}, link(documentAt(r.doc_id), r.title), r.date ? el('span', { class: 'hint nb' }, ' ' + showDate(r.date)) : '')))) : '',
    el('div', { class: 'actions' },
      button('인용 복사', () => copy(citation(h), t('인용을 복사했습니다.')), 'quiet small'),
      offers(service, 'drafts') && may(service, 'draft')
        ? button('의견 보내기', () => feedback({ task: 'search', request: res.query, sentence: h.text.slice(0, 4000), sources: [h.chunk_id] }), 'quiet small') : ''))
}
