// Starts the page: words, settings, service, and the address of each view. An
// address holds a task and an ID or number, never what was typed. What the modules
// of a view use is listed in DESIGN.md.
import { $, el, heading, language, t, translate } from './dom.js'
import * as api from './api.js'
import * as ask from './ask.js'
import * as form from './form.js'
import * as login from './login.js'
import * as panel from './panel.js'
import * as run from './run.js'
import * as search from './search.js'
import { bindSettings } from './settings.js'
import { grades, may, offers } from './text.js'

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
let at = '' // path of the view that is shown

// show draws the view of the present address.
function show(focus) {
  const path = location.pathname in names ? location.pathname : '/'
  const params = new URLSearchParams(location.search)
  const section = $('view-other')
  $('view-ask').hidden = path !== '/'
  $('view-search').hidden = path !== '/search'
  section.hidden = !(path in others)
  $('recent').hidden = path !== '/'
  document.body.classList.toggle('is-work', path in others)
  $('skip-field').hidden = path in others
  $('skip-field').setAttribute('href', path === '/' ? '#question' : '#query')
  for (const a of $('tasks').querySelectorAll('a')) {
    if (a.dataset.view === path) a.setAttribute('aria-current', 'page')
    else a.removeAttribute('aria-current')
  }
  unfold(false)
  if (path === '/') ask.show(params)
  else if (path !== at || path in others) panel.clear()
  name(path)
  const land = () => focus && document.querySelector('main > section:not([hidden]) h1')?.focus()
  if (path !== at) {
    section.replaceChildren()
    section.className = ''
  }
  if (path in others && service) {
    others[path]().then(async view => {
      if (location.pathname !== path) return
      await view.show(section, params, service)
      land()
    }, e => section.replaceChildren(heading(t(names[path])), el('p', { class: 'error' }, api.explain(e instanceof TypeError ? new api.Lost() : e))))
  }
  at = path
  land()
}

function name(path = location.pathname) {
  document.title = [path === '/' && ask.name(), t(names[path] ?? '질문'), t('비서')].filter(Boolean).join(' - ')
}

// open goes to an address of the page; replace keeps the view as it is drawn.
// A view with work that is not saved may hold the reader by the event leave.
function open(path, { focus = true, replace = false } = {}) {
  const url = new URL(path, location.origin)
  const lang = new URLSearchParams(location.search).get('lang')
  if (lang) url.searchParams.set('lang', lang)
  if (replace) {
    history.replaceState(null, '', url)
    return name()
  }
  if (url.pathname !== location.pathname && !mayLeave()) return
  if (url.href !== location.href) history.pushState(null, '', url)
  show(focus)
}

const mayLeave = () => document.dispatchEvent(new Event('leave', { cancelable: true }))

// words puts the words of the chosen language and settings onto the page.
async function words() {
  await language()
  translate()
  $('question-hint').textContent = document.documentElement.dataset.enter === 'newline'
    ? t('Ctrl+Enter: 보내기, Enter: 줄 바꿈') : t('Enter: 보내기, Shift+Enter: 줄 바꿈')
  if (service) serve(service)
  if (at in others && mayLeave()) show(false)
  else name()
}

function serve(s) {
  service = s
  for (const m of [panel, run, search, ask]) m.setService(s)
  form.setService(s.today, s.kinds)
  for (const [path, shown] of [['/drafts', offers(s, 'drafts') && may(s, 'draft')], ['/documents', offers(s, 'documents')], ['/admin', may(s, 'admin')]]) {
    $('tasks').querySelector(`[data-view="${path}"]`).hidden = !shown
  }
  for (const path of ['/summary', '/report', '/reply']) $('tasks').querySelector(`[data-view="${path}"]`).hidden = !may(s, 'ask')
  who(s.who)
  $('service').textContent = [
    s.documents ? t('문서 {n}건', { n: s.documents.toLocaleString() }) : t('아직 문서가 없습니다. biseo ingest로 문서를 넣어 주세요.'),
    !s.model ? t('생성 모델 없음: 문서의 문장을 그대로 보여 드립니다') : s.model_ok ? t('모델 {name}', { name: s.model }) : t('모델 {name} 응답 없음: 문서의 문장을 보여 드립니다', { name: s.model }),
    s.mode === 'words' ? t('단어 검색') : s.embedder_ok ? t('단어와 의미 검색') : t('의미 검색 중단: 단어로 찾습니다'), s.version,
  ].filter(Boolean).join(', ')
  $('example-list').replaceChildren(...s.examples.map(q => el('li', {},
    el('button', { type: 'button', lang: 'ko', click: () => ask.example(q) }, q))))
  $('examples').hidden = !s.examples.length || $('ask-intro').hidden
}

// who tells the reader under which name and rights they work.
function who(w) {
  $('who').hidden = !w
  if (!w) return
  $('who-name').textContent = w.via === 'local' ? t('이 컴퓨터') : w.name || t('이름 없음')
  const groups = w.groups?.length ? w.groups.join(', ') : t('공개 문서만')
  $('who-about').replaceChildren(...[['열람 등급', t(grades[w.grade] ?? w.grade)], ['열람 범위', groups]].flatMap(([k, v]) => [el('dt', {}, t(k)), el('dd', {}, v)]))
  $('logout').hidden = w.via !== 'session'
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
  try {
    const first = !service
    const s = await api.status()
    serve(s)
    login.setService(s)
    if (first && location.pathname in others) show(false)
  } catch (e) {
    if (e instanceof api.Lost) watch()
    else $('service').textContent = e.detail ?? t('처리하지 못했습니다. 잠시 뒤 다시 시도해 주세요.')
  }
}

// A login that has ended leaves the page with all that was typed as it is. Who
// comes back from logging in again goes on.
document.addEventListener('expired', () => {
  if (!service) return location.assign('/login?return=' + encodeURIComponent(location.pathname + location.search))
  login.end()
})
login.watch(load)

function unfold(on) {
  $('menu').setAttribute('aria-expanded', String(on))
  $('tasks').classList.toggle('open', on)
}

$('menu').addEventListener('click', () => unfold($('menu').getAttribute('aria-expanded') !== 'true'))
document.addEventListener('keydown', e => {
  if (e.isComposing) return
  if (e.key === 'Escape' && $('tasks').classList.contains('open')) {
    unfold(false)
    $('menu').focus()
  } else if (e.key === 'Escape' && $('who').open) {
    $('who').open = false
    $('who').querySelector('summary').focus()
  } else if (e.key === '/' && (e.ctrlKey || e.metaKey)) {
    e.preventDefault()
    if (!document.querySelector('dialog[open]')) $('open-help').click()
  } else if (e.altKey && !e.ctrlKey && !e.metaKey && document.documentElement.dataset.keys === 'on' && !document.querySelector('dialog[open]')) shortcut(e)
})

// shortcut does what Alt with a key stands for, by the key's place: an input method may change its letter.
function shortcut(e) {
  const n = /^Digit([1-8])$/.exec(e.code)?.[1]
  const next = () => { // the next sentence to be checked behind the focus
    const all = [...document.querySelectorAll('main .badge + button')]
    const here = document.activeElement
    return all.find(b => here.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING) ?? all[0]
  }
  const act = n ? () => { const a = [...$('tasks').querySelectorAll('a')][n - 1]; if (a && !a.hidden) a.click() }
    : { KeyS: ask.stop, KeyP: () => $('source-title')?.focus(), KeyN: () => next()?.focus() }[e.code]
  if (!act) return
  e.preventDefault()
  act()
}

document.addEventListener('lost', watch)
document.addEventListener('go', e => open(e.detail))
document.addEventListener('moved', e => open(e.detail, { replace: true }))
document.addEventListener('named', () => name())
document.addEventListener('search-for', e => { open('/search', { focus: false }); search.searchFor(e.detail) })
document.addEventListener('click', e => {
  if ($('who').open && !e.target.closest('#who')) $('who').open = false
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
for (const type of ['dragover', 'drop']) addEventListener(type, e => e.dataTransfer?.types.includes('Files') && e.preventDefault()) // beside its place: the browser would leave for it
addEventListener('popstate', () => show(true))
bindSettings(words)
await words()
show(false)
performance.mark('usable') // what is typed and sent from here on is taken
load()
