// Starts the page: words, settings, service, and the address of each view. An
// address holds a task and an ID or number, never what was typed.
//
// What the modules of a view use:
//
//   dom.js     $, el(tag, props, ...children), button(word, click, class), icon(name), t(ko, vars), say, alarm, toast(text),
//              confirmed(title, text, verb) → true or false, copy(text, said), save(blob, name), go('/drafts?id=…')
//   api.js     get/post/put/del(path, [body], {signal, headers}) → JSON; call → Response; stream(path, body, signal) yields {name, data}
//              and resumes by itself; follow(path, signal) for jobs; form(request, files) → body; upload(path, form, progress, signal);
//              file(path, [body]) → {blob, name}; once() → header of a request to be done once; Problem, Lost, explain(error) → words.
//              A 401 makes main.js show how to log in again; the view keeps what was typed.
//   run.js     run({view, path, body, busy, done, retry}): sends a task, feeds its events to an AnswerView, tells outcome, stop,
//              retry and errors; conclude(view, answer) alone for an answer that is there already
//   answer.js  new AnswerView({question, on, scope, task, level}).node: banner, warnings, checked sentences, evidence used;
//              .draw(answer) for a whole answer, .result after done; cites(sentence), sentenceNode(sentence, i, sourceOf) with chips
//              (button.chip[data-n]) for a text of one's own; feedback({task, request, sentence, sources}) opens its dialog
//   panel.js   show({sources, at, on, word, backWord, back, spans, users, focus, into}), clear(), badge(in_force, on);
//              into: an element of the view that holds the panel instead of the column beside it
//   form.js    calendar(field) → the button 달력 for a text field with a date; onEnter of compose.js; readDate, showDate,
//              week, kinds, segments of text.js; recall(name), remember(name, value) of settings.js for choices, never text
//   service    the body of /v1/status; may(service, 'documents') of text.js asks for a permission
//
// A view is wide as the frame; add the class narrow to the section for 44em. Styles of the views stand in work.css.
// Addresses: /drafts?id=ID, /documents?id=ID.
import { $, el, t, translate } from './dom.js'
import * as api from './api.js'
import * as ask from './ask.js'
import { setService } from './form.js'
import * as panel from './panel.js'
import { searchFor } from './search.js'
import { bindSettings } from './settings.js'

const names = {
  '/': '질문', '/search': '검색', '/summary': '요약', '/report': '보고서', '/reply': '민원 답변',
  '/drafts': '초안', '/documents': '문서', '/admin': '관리',
}
// Views that are fetched when they are first opened. Each module exports
// show(section, params, service): it draws its view into section, which it owns
// until another view is shown, and may be called again for other params.
const others = {
  '/summary': () => import('./summary.js'), '/report': () => import('./report.js'), '/reply': () => import('./reply.js'),
  '/drafts': () => import('./drafts.js'), '/documents': () => import('./documents.js'), '/admin': () => import('./admin.js'),
}
let service = null

// show draws the view of the present address.
function show(focus) {
  const path = location.pathname in names ? location.pathname : '/'
  const n = Number(new URLSearchParams(location.search).get('n'))
  $('view-ask').hidden = path !== '/'
  $('view-search').hidden = path !== '/search'
  $('view-other').hidden = !(path in others)
  if (path in others) {
    const params = new URLSearchParams(location.search)
    others[path]().then(view => location.pathname === path && view.show($('view-other'), params, service))
  }
  $('skip-field').hidden = path in others
  $('skip-field').setAttribute('href', path === '/' ? '#question' : '#query')
  for (const a of document.querySelectorAll('.tasks a')) {
    if (a.dataset.view === path) a.setAttribute('aria-current', 'page')
    else a.removeAttribute('aria-current')
  }
  const work = path === '/' ? ask.show(n) : (panel.clear(), '')
  document.title = [work, t(names[path]), t('비서')].filter(Boolean).join(' - ')
  if (focus) document.querySelector('main section:not([hidden]) h1')?.focus()
}

function open(path, focus = true) {
  const url = new URL(path, location.origin)
  const lang = new URLSearchParams(location.search).get('lang')
  if (lang) url.searchParams.set('lang', lang)
  if (url.href !== location.href) history.pushState(null, '', url)
  show(focus)
}

function words() {
  translate()
  $('question-hint').textContent = document.documentElement.dataset.enter === 'newline'
    ? t('Ctrl+Enter: 보내기, Enter: 줄 바꿈') : t('Enter: 보내기, Shift+Enter: 줄 바꿈')
  if (service) serve(service)
  show(false)
}

function serve(s) {
  service = s
  panel.setToday(s.today)
  setService(s.today, s.kinds)
  $('service').textContent = [
    s.documents ? t('문서 {n}건', { n: s.documents.toLocaleString() }) : t('아직 문서가 없습니다. biseo ingest로 문서를 넣어 주세요.'),
    s.model ? t('모델 {name}', { name: s.model }) : t('생성 모델 없음: 문서의 문장을 그대로 보여 드립니다'),
    s.mode === 'words' ? t('단어 검색') : t('단어와 의미 검색'), s.version,
  ].filter(Boolean).join(', ')
  $('example-list').replaceChildren(...s.examples.map(q => el('li', {},
    el('button', { type: 'button', lang: 'ko', click: () => ask.fill(q) }, q))))
  $('examples').hidden = !s.examples.length || $('ask-intro').hidden
}

// watch asks until the service answers again. navigator.onLine is of no use here:
// the service may run on this very machine.
let watching = false
async function watch() {
  if (watching) return
  watching = true
  $('offline').hidden = false
  for (;;) {
    await new Promise(done => setTimeout(done, 3000))
    try { if (await api.alive()) break } catch { /* not yet */ }
  }
  $('offline').hidden = true
  watching = false
  if (!service) load()
}

async function load() {
  try { serve(await api.status()) } catch (e) {
    if (e instanceof api.Lost) watch()
    else $('service').textContent = e.detail ?? t('처리하지 못했습니다. 잠시 뒤 다시 시도해 주세요.')
  }
}

document.addEventListener('lost', watch)
document.addEventListener('search-for', e => { open('/search', false); searchFor(e.detail) })
document.addEventListener('click', e => {
  const a = e.target.closest('a[data-view]')
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return
  e.preventDefault()
  open(a.dataset.view)
})
for (const a of document.querySelectorAll('.skips a')) {
  a.addEventListener('click', e => { // not by the address: that would be another view
    e.preventDefault()
    document.querySelector(a.getAttribute('href')).focus()
  })
}
$('recent-toggle').addEventListener('click', () => {
  $('recent-toggle').setAttribute('aria-expanded', String($('recent').classList.toggle('open')))
})
addEventListener('popstate', () => show(true))
ask.onGo(n => open('/?n=' + n))
bindSettings(words)
words()
load()
