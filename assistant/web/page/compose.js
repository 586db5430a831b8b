// Enter and Korean composition.

// onEnter calls send once when Enter is pressed in field: also when that Enter
// ends the composition of a syllable, but not when it picks a Hanja or a symbol
// from the candidate list. breaks() tells whether plain Enter makes a new line.
export function onEnter(field, send, breaks = () => false) {
  let pending = false // Enter came while composing
  let locked = false // until the key is released
  let timer = 0
  const fire = () => {
    clearTimeout(timer)
    if (locked) return
    locked = true
    send()
  }
  field.addEventListener('keydown', e => {
    if (e.key !== 'Enter' && e.code !== 'Enter' && e.code !== 'NumpadEnter') return
    const forced = e.ctrlKey || e.metaKey
    if (!forced && (e.shiftKey || e.altKey || breaks())) return
    if (e.isComposing || e.keyCode === 229) {
      pending = true
      return
    }
    e.preventDefault()
    fire()
  })
  field.addEventListener('compositionend', e => {
    const ends = pending && /^[\p{Script=Hangul}]+$/u.test(e.data)
    pending = false
    if (ends) timer = setTimeout(fire)
  })
  field.addEventListener('keyup', e => { if (e.key === 'Enter' || e.code === 'Enter') locked = pending = false })
  field.addEventListener('blur', () => { locked = pending = false })
}
