// The end of a login. It comes when there was no request for a while, and after some
// hours in any case. The page says so five minutes before; a button puts off the first.
// Nothing that was typed goes with it.
import { $, alarm, t, toast } from './dom.js'
import * as api from './api.js'
import { clock } from './text.js'

const soon = 3e5 // milliseconds
let idle = Infinity, last = Infinity // milliseconds without a request; when it ends in any case
let over = false
let told = ''

// setService takes what the service has just said of the login, if there is one.
export function setService({ who }) {
  over = false
  idle = who.idle_seconds * 1000 || Infinity
  last = api.used + who.left_seconds * 1000 || Infinity
  look()
}

// end is called when the service knows the login no more.
export function end() {
  over = true
  look()
}

// watch tells of the end. load asks the service for its status, which keeps the login.
export function watch(load) {
  let from = null // had the focus before the button
  $('extend').addEventListener('focus', e => { from = e.relatedTarget ?? from })
  $('extend').addEventListener('click', async () => {
    await load()
    if ($('ending').checkVisibility()) return
    if (told) return $('login').focus()
    toast(t('로그인을 연장했습니다.'))
    ;(from?.isConnected ? from : $('main')).focus()
  })
  addEventListener('focus', () => { if (!$('expired').hidden) load() }) // back from another window
  setInterval(() => { if (look() <= 0) end() }, 5000) // to ask whether it goes on in another window would keep it
}

// look shows how it stands, and returns the milliseconds that are left.
function look() {
  const until = Math.min(api.used + idle, last), left = until - Date.now()
  const words = over ? t('로그인이 만료되었습니다.') : left > soon ? '' : t('로그인이 {time}에 끝납니다.', { time: clock(until) })
  if (words === told) return left
  told = words
  const again = over || until === last // only by logging in
  $('ending').hidden = !words || again
  $('expired').hidden = !words || !again
  $('ending-word').textContent = $('expired-word').textContent = words
  if (words) alarm(words)
  return left
}
