// The view 초안: the list of one's own drafts, and one draft.
import { button, el, heading, hint, link, t } from './dom.js'
import * as api from './api.js'
import { DraftView } from './draft.js'
import * as panel from './panel.js'
import { failed } from './task.js'
import { draftAt, stamp } from './text.js'

const opened = new Map() // by ID: drafts of this window, with what is not saved yet
const tasks = { answer: '질문', summary: '요약', report: '보고서', reply: '민원 답변' }
let last = null

addEventListener('beforeunload', e => { if ([...opened.values()].some(d => d.dirty)) e.preventDefault() })

export async function show(section, params, service) {
  panel.clear()
  const id = params.get('id')
  section.classList.toggle('narrow', !id)
  if (last?.id !== id) last?.leave()
  if (!id) return list(section, service)
  let view = opened.get(id)
  if (!view?.dirty) {
    section.replaceChildren(heading(t('초안')), hint(t('불러오는 중')))
    try {
      const draft = await api.get('/v1/drafts/' + encodeURIComponent(id))
      if (new URLSearchParams(location.search).get('id') !== id) return
      opened.set(id, view = new DraftView(draft, service?.today))
    } catch (e) {
      section.replaceChildren(heading(t('초안')), failed(e, () => show(section, params, service)))
      return
    }
  }
  last = view
  section.replaceChildren(view.node)
  view.title.focus({ preventScroll: true })
}

async function list(section, service) {
  const body = el('ul', { class: 'rows drafts' })
  const more = el('p', { class: 'actions' })
    const empty = el('p', {}, t('아직 초안이 없습니다. 요약, 보고서, 민원 답변을 만들면 여기에 남습니다.'), [['/reply', '민원 답변'], ['/report', '보고서'], ['/summary', '요약']].flatMap(([path, word]) => [' ', link(path, t(word))]))
  empty.hidden = true
  section.replaceChildren(heading(t('초안')), el('p', { class: 'lead' }, t('내가 만든 초안입니다. 다른 사람은 볼 수 없습니다.')), empty, body, more)
  const load = async after => {
    try {
      const { drafts, next } = await api.get('/v1/drafts?limit=50' + (after ? '&after=' + encodeURIComponent(after) : ''))
      body.append(...drafts.map(d => el('li', {}, el('h2', {}, link(draftAt(d.id), d.title || t('제목 없음'), { lang: 'ko' })),
        el('span', { class: 'tag' }, t(tasks[d.task] ?? d.task)), el('span', { class: 'hint nb' }, t('버전 {n}', { n: d.version })),
        el('span', { class: 'hint nb' }, stamp(d.updated)),
        opened.get(d.id)?.dirty ? el('span', { class: 'badge' }, t('저장하지 않음')) : '')))
      empty.hidden = body.children.length > 0
      more.replaceChildren(...(next ? [button('더 보기', () => load(next))] : []))
    } catch (e) { more.replaceChildren(failed(e, () => list(section, service))) }
  }
  await load('')
}
