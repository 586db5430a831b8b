// The task 질문: a conversation of questions with their answers. The service keeps
// it for its owner; where it keeps none, it lasts as long as the window.
import { $, alarm, button, confirmed, el, fill, go, heading, icon, say, t, toast } from './dom.js'
import * as api from './api.js'
import { AnswerView } from './answer.js'
import { bindForm } from './form.js'
import * as panel from './panel.js'
import { conclude, run } from './run.js'
import { may, offers, showDate, week } from './text.js'

const opened = [] // {n, id, title, turns: [AnswerView]}: conversations of this window; id once the service keeps it
let kept = [] // conversations that the service keeps, the last begun first
let next = '' // cursor of the ones before
let running = null // AbortController of the answer under way
let visible = null // the conversation on the page
let keeps = false
let known // called once the service has said what it offers: an answer drawn before would lack its buttons
const service = new Promise(done => { known = done })
const form = bindForm({ form: 'ask-form', field: 'question', on: 'ask-on', kind: 'ask-kind', agency: 'ask-agency', empty: '질문을 입력해 주세요.', submit: send, multiline: true })

export function setService(s) {
  keeps = offers(s, 'drafts') && may(s, 'draft')
  known()
  if (keeps) list()
  else listRecent()
}

const address = c => c.id ? '/?c=' + encodeURIComponent(c.id) : '/?n=' + c.n

// show puts the conversation of the address on the page, or the empty form, and
// returns its name for the title.
export async function show(params) {
  const id = params.get('c'), n = Number(params.get('n'))
  const c = opened.find(o => id ? o.id === id : o.n === n)
  place(c ?? null)
  if (id && !c) await read(id)
}

// name is what the title of the window says of the conversation on the page.
export const name = () => visible ? t('대화 {n}', { n: visible.n }) : ''

function place(c) {
  visible = c
  const first = c?.turns.at(-1)
  $('work').replaceChildren(...(c ? c.turns.map(v => v.node) : []))
  $('ask-intro').hidden = !!c
  $('examples').hidden = !!c || !$('example-list').children.length
  $('question-label').dataset.t = c ? '이어서 질문하기 (필수)' : '질문 (필수)'
  $('question-label').textContent = t($('question-label').dataset.t)
  panel.clear()
  if (first) {
    if (!first.result || first.sentences.length) panel.placeColumn()
    first.first()
  }
  listRecent()
}

// read opens a conversation that the service keeps.
async function read(id) {
  $('ask-intro').hidden = true
  $('examples').hidden = true
  try {
    const got = await api.get('/v1/conversations/' + encodeURIComponent(id))
    await service
    const c = { n: opened.length + 1, id, title: got.title, turns: [] }
    for (const turn of got.turns) c.turns.push(view(turn.question, turn.answer.on, t('기준일') + ' ' + showDate(turn.answer.on, t(week)), c))
    opened.push(c)
    if (new URLSearchParams(location.search).get('c') !== id) return
    place(c)
    for (const [i, turn] of got.turns.entries()) await conclude(c.turns[i], turn.answer, { silent: true })
    document.dispatchEvent(new Event('named'))
    if (visible === c) {
      panel.placeColumn()
      c.turns.at(-1)?.first()
    }
  } catch (e) {
    const text = api.explain(e)
    $('work').replaceChildren(heading(t('대화를 열지 못했습니다')), el('p', { class: 'error' }, text),
      el('div', { class: 'actions' }, button('새 작업', () => go('/'))))
    alarm(text)
  }
}

const view = (question, on, scope, c) => new AnswerView({ question, on, scope, level: c.turns.length ? 2 : 1 })

// example puts a question into the field.
export const example = question => fill(form.field, question)

async function list(more) {
  try {
    const page = await api.get('/v1/conversations?limit=30' + (more ? '&after=' + encodeURIComponent(next) : ''))
    kept = more ? [...kept, ...page.conversations] : page.conversations
    next = page.next ?? ''
  } catch (e) {
    if (more) alarm(api.explain(e))
  }
  listRecent()
}

function listRecent() {
  const here = opened.filter(c => !c.id).toReversed()
  const all = keeps ? [...here, ...kept] : here
  $('recent-list').replaceChildren(...all.map(c => el('li', {},
    el('a', { href: address(c), 'aria-current': (c.id ? visible?.id === c.id : visible === c) ? 'page' : null, lang: 'ko', title: c.title,
      click: e => { if (!e.ctrlKey && !e.metaKey) { e.preventDefault(); go(address(c)) } } }, c.title),
    c.id ? el('button', { type: 'button', class: 'quiet square', click: () => remove(c) }, icon('bin'), el('span', { class: 'vh' }, t('대화 삭제'), ': ', el('span', { lang: 'ko' }, c.title))) : '')))
  $('recent-more').hidden = !next
  $('recent-empty').hidden = all.length > 0
  $('recent-note').hidden = keeps || all.length === 0
}

$('recent-more').addEventListener('click', () => list(true))

async function remove(c) {
  if (!await confirmed(t('대화 삭제'), t('이 대화의 질문과 답변을 모두 삭제합니다. 되돌릴 수 없습니다.'), t('대화 삭제'))) return
  try {
    await api.del('/v1/conversations/' + encodeURIComponent(c.id))
  } catch (e) {
    return alarm(api.explain(e))
  }
  kept = kept.filter(k => k.id !== c.id)
  const i = opened.findIndex(o => o.id === c.id)
  if (i >= 0) opened.splice(i, 1)
  if (visible?.id === c.id) go('/')
  else listRecent()
  ;($('recent-list').querySelector('a') ?? document.querySelector('.new-task')).focus()
  toast(t('대화를 삭제했습니다.'))
}

async function send(req, scope) {
  if (running) {
    say(t('답변을 작성하고 있습니다. 끝난 뒤에 보내거나 중지해 주세요.'))
    return
  }
  let c = visible
  if (!c) opened.push(c = { n: 1 + Math.max(0, ...opened.map(o => o.n)), id: '', title: req.text, turns: [] })
  const v = view(req.text, req.on || form.today(), scope, c)
  c.turns.push(v)
  if (c === visible) place(c)
  else go(address(c))
  form.field.value = ''
  v.title.focus({ preventScroll: true })
  if (c.turns.length > 1) v.node.scrollIntoView({ block: 'start' })
  else scrollTo(0, 0)
  await follow(c, v, req, scope)
}

async function follow(c, v, req, scope) {
  const body = { question: req.text, on: req.on || undefined, kinds: req.kinds, agencies: req.agencies,
    ...(keeps ? { conversation: c.id || 'new' } : { earlier: c.turns.slice(0, c.turns.indexOf(v)).map(x => x.question).slice(-10) }) }
  if (!keeps && !body.earlier.length) delete body.earlier
  const result = await run({
    view: v, path: '/v1/answers', body, busy: (on, stop) => { running = on ? stop : null; form.busy(on) },
    retry: () => { if (!running) again(c, v, req, scope) },
    actions: a => a.outcome === 'no_source' ? [button('기준일 바꾸기', () => { example(req.text); $('ask-on').focus() }), button('검색에서 찾아보기', () => document.dispatchEvent(new CustomEvent('search-for', { detail: a.question })))]
      : a.outcome === 'blocked_personal_data' ? [button('가리고 보내기', () => masked(c, v, req, scope))] : [],
  })
  if (!result && form.field.value === '' && !v.sentences.length) form.field.value = req.text // nothing typed is lost
  if (!result?.conversation || result.conversation === c.id) return
  c.id = result.conversation
  kept = [{ id: c.id, title: c.title }, ...kept]
  if (visible === c && location.pathname === '/') document.dispatchEvent(new CustomEvent('moved', { detail: address(c) }))
  listRecent()
}

// masked sends a question again without the personal data in it.
async function masked(c, v, req, scope) {
  try {
    const { text } = await api.post('/v1/mask', { text: req.text })
    again(c, v, { ...req, text }, scope)
  } catch (e) { alarm(api.explain(e)) }
}

// again repeats a question as a new answer in the place of the old one.
function again(c, old, req, scope) {
  const i = c.turns.indexOf(old)
  const v = c.turns[i] = new AnswerView({ question: req.text, on: req.on || form.today(), scope, level: old.level })
  old.node.replaceWith(v.node)
  if (visible === c) panel.placeColumn()
  if (form.field.value === req.text) form.field.value = ''
  v.title.focus({ preventScroll: true })
  follow(c, v, req, scope)
}

export const stop = () => running?.abort()
