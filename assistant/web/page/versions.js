// The versions of a draft, and what differs between two of them. v is the DraftView.
import { button, el, hint, say, t } from './dom.js'
import * as api from './api.js'
import { compare, plainLines } from './lines.js'
import { stamp } from './text.js'

// showVersions offers the versions to compare.
export function showVersions(v) {
  return v.attempt(async () => {
    const { drafts } = await api.get(`/v1/drafts/${v.id}/versions`)
    const list = drafts.toSorted((a, b) => b.version - a.version)
    const names = [...(v.dirty ? [['now', t('지금 고치는 글')]] : []), ...list.map(d => [String(d.version), `${t('버전 {n}', { n: d.version })}, ${stamp(d.updated)}`])]
    const pick = (id, word, value) => {
      const s = el('select', { id }, names.map(([v, w]) => new Option(w, v)))
      s.value = value
      return [el('div', { class: 'field' }, el('label', { for: id }, t(word)), s), s]
    }
    const [fromField, from] = pick('version-from', '이 버전과', names[Math.min(1, names.length - 1)][0])
    const [toField, to] = pick('version-to', '이 버전을', names[0][0])
    const read = async n => n === 'now' ? v.answer : (await api.get(`/v1/drafts/${v.id}?version=${n}`)).answer
    const run = () => v.attempt(async () => {
      const [a, b] = [await read(from.value), await read(to.value)]
      compareVersions(v, a, b, from.selectedOptions[0].text, to.selectedOptions[0].text)
    }, true)
    v.notice.replaceChildren(el('section', { class: 'card', 'aria-label': t('버전') }, el('h2', { tabindex: '-1' }, t('버전 {n}개', { n: list.length })),
      names.length > 1 ? el('div', { class: 'options' }, fromField, toField, button('비교', run)) : hint(t('버전이 하나뿐입니다. 고쳐서 저장하면 비교할 수 있습니다.')),
      el('p', { class: 'actions' }, button('닫기', () => { v.notice.replaceChildren(); v.bar.querySelector('button').focus() }))))
    v.notice.querySelector('h2').focus()
  })
}

// compareVersions shows what differs, in words and shapes beside colour.
export function compareVersions(v, a, b, from, to) {
  const lines = compare(plainLines(a), plainLines(b))
  let n = 0
  const words = { '-': ['del', '삭제'], '+': ['ins', '추가'] }
  const list = el('ol', { class: 'compare', lang: 'ko' }, lines.map(runs => {
    const changed = runs.some(([sign]) => sign !== '=')
    return el('li', changed ? { class: 'changed', tabindex: '-1', 'data-n': ++n } : {}, runs.map(([sign, text]) => sign === '=' ? text
      : el(words[sign][0], {}, el('span', { class: 'vh' }, ` ${t(words[sign][1])}: `), text)))
  }))
  let at = 0
  const step = by => {
    at = (at + by - 1 + n) % n + 1
    list.querySelector(`[data-n="${at}"]`).focus()
    say(t('바뀐 곳 {n}곳 중 {i}', { n, i: at }))
  }
  v.notice.querySelector('.compared')?.remove()
  const node = el('section', { class: 'card compared', 'aria-label': t('버전 비교') }, el('h2', { tabindex: '-1' }, t('바뀐 곳 {n}곳', { n })), hint(`− ${from}, + ${to}`),
    n ? el('div', { class: 'actions' }, button('이전 바뀐 곳', () => step(-1)), button('다음 바뀐 곳', () => step(1))) : '', list,
    el('p', { class: 'actions' }, button('비교 닫기', () => { node.remove(); v.title.focus() })))
  v.notice.append(node)
  node.querySelector('h2').focus()
}
