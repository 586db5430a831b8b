// The editor of a draft: the draft as a document, what is to be looked at beside it.
import { $, alarm, button, confirmed, copy, el, go, heading, icon, save, say, t, toast } from './dom.js'
import * as api from './api.js'
import { cites, sentenceNode } from './answer.js'
import { dueCard } from './due.js'
import { marksOf, moved, resay, sentencesOf, textOf } from './lines.js'
import * as panel from './panel.js'
import { review, used } from './review.js'
import { clock, dated, stamp } from './text.js'
import { compareVersions, showVersions } from './versions.js'

const given = `[담당자 입력]` // what the official states, and no source (as the service reads it)
const known = ['verified', 'unverified', 'gap']

// A DraftView edits one draft. Its node may be taken off the page and put back;
// what is not saved stays in it while the window is open.
export class DraftView {
  constructor(draft, today) {
    Object.assign(this, { today, finish() {}, public: false, undo: [], ignored: new Set(), changes: null, masked: new Map(), revealed: false })
    this.title = heading('', { lang: 'ko' })
    this.state = el('span', { class: 'hint' })
    this.notice = el('div', { class: 'stack' })
    this.warnings = el('ul', { class: 'warnings' })
    this.due = el('div', {})
    this.doc = el('article', { class: 'doc', lang: 'ko', 'aria-label': t('초안 본문') })
    this.side = el('div', { class: 'beside' })
    this.slot = el('div', { class: 'source-slot' })
    this.main = el('div', { class: 'desk' }, this.doc, el('aside', { class: 'aside', 'aria-label': t('검토') }, this.slot, this.side))
    this.load(draft)
    this.bar = this.toolbar()
    this.node = el('div', { class: 'stack draft' }, el('div', { class: 'draft-head' }, this.title, this.state), this.bar, this.notice, this.due, this.warnings, this.main)
    this.listen()
    this.draw()
    this.findPersonal()
  }

  // load takes a version as the service has it.
  load(draft) {
    Object.assign(this, { id: draft.id, version: draft.version, updated: draft.updated, answer: draft.answer })
    for (const b of [...this.answer.blocks, ...(this.answer.reply?.public ?? [])]) b.sentences ??= []
    this.saved = JSON.stringify(this.content())
  }

  content() {
    const { title, gist, keywords, blocks, reply } = this.answer
    return { title, gist, keywords, blocks, public: reply?.public }
  }

  get dirty() { return JSON.stringify(this.content()) !== this.saved }
  get blocks() { return this.public ? this.answer.reply.public : this.answer.blocks }
  set blocks(all) { if (this.public) this.answer.reply.public = all; else this.answer.blocks = all }

  toolbar() {
    const reply = this.answer.reply
    this.saveButton = button('저장', () => this.save(), 'primary')
    const versions = [button('비공개용', () => this.turn(false)), button('공개용', () => this.turn(true))]
    this.turns = versions
    this.undoButton = button('되돌리기', () => this.back())
    this.revealButton = button('개인정보 보기', () => this.reveal())
    this.revealButton.hidden = true
    const menu = el('details', { class: 'export' }, el('summary', {}, t('내보내기')), el('div', { class: 'export-body' },
      ['hwpx', 'docx', 'md'].map(f => button({ hwpx: '한글 문서(HWPX)', docx: '워드 문서(DOCX)', md: '마크다운(MD)' }[f], () => { menu.open = false; this.download(f) }, 'quiet')),
      button('인쇄', () => { menu.open = false; print() }, 'quiet')))
    menu.addEventListener('keydown', e => {
      if (e.key !== 'Escape' || !menu.open) return
      menu.open = false
      menu.firstChild.focus()
    })
    return el('div', { class: 'draft-bar', role: 'group', 'aria-label': t('초안 도구') }, this.saveButton, button('다시 확인', () => this.check()),
      button('공문 형식으로 복사', () => this.copy()), menu, this.undoButton,
      reply ? el('span', { class: 'turns', role: 'group', 'aria-label': t('공개 여부') }, versions) : '', this.revealButton,
      button('버전', () => showVersions(this)), button('삭제', () => this.remove(), 'quiet'))
  }

  draw() {
    const a = this.answer
    this.title.textContent = a.title || a.question
    this.warnings.replaceChildren(...(a.warnings ?? []).map(w => el('li', { lang: 'ko' }, dated(w.text))))
    if (a.reply && !this.due.children.length) this.due.append(dueCard(a.reply))
    this.turns?.forEach((b, i) => b.setAttribute('aria-pressed', String(this.public === !!i)))
    this.drawBlocks()
    this.drawSide()
    this.tell()
  }

  tell() {
    const dirty = this.dirty
    this.state.textContent = t('버전 {n}', { n: this.version }) + ', ' + (dirty ? t('저장하지 않은 변경 있음') : t('저장 {time}', { time: stamp(this.updated) }))
    this.saveButton?.setAttribute('aria-disabled', String(!dirty))
    this.undoButton?.setAttribute('aria-disabled', String(!this.undo.length))
  }

  drawBlocks() {
    this.marks = marksOf(this.blocks, this.answer.task, this.answer.marks)
    this.doc.replaceChildren(el('p', { class: 'label' }, `AI 초안 - 담당자 확인 필요`), ...this.blocks.map((b, i) => this.blockNode(b, i)))
    if (!this.blocks.length) this.doc.append(button('문단 추가', () => this.insert(-1)))
  }

  name(i) { return t('문단 {n}', { n: i + 1 }) + (this.marks[i] ? ', ' + this.marks[i] : '') }

  blockNode(b, i) {
    const tag = b.kind === 'heading' ? (b.level > 1 ? 'h3' : 'h2') : b.kind === 'table' ? 'div' : 'p'
    const node = el('div', { class: `block ${b.kind} level${b.level || 1}`, 'data-b': i, tabindex: '-1' })
    if (this.marks[i]) node.append(el('span', { class: 'mark-of' }, this.marks[i]))
    node.append(b.kind === 'table' ? this.table(b) : el(tag, { class: 'line' }, b.sentences.flatMap((s, j) => [this.sentence(s, `${i}.${j}`), ' '])))
    const chips = node.querySelectorAll('.chip')
    if (chips.length) chips[0].tabIndex = 0
    node.append(button('고치기', () => this.edit(i), 'quiet small edit', el('span', { class: 'vh' }, ': ' + this.name(i))))
    return node
  }

  table(b) {
    const row = (r, head) => el('tr', {}, r.map((c, j) => el(head ? 'th' : 'td', head ? { scope: 'col' } : {}, this.sentence(c, ''))))
    return el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': t('표') }, el('table', { class: 'cells' },
      el('thead', {}, row(b.rows[0] ?? [], true)), el('tbody', {}, b.rows.slice(1).map(r => row(r)))))
  }

  sentence(s, at) {
    const hidden = !this.revealed && !this.public && this.masked.get(s.text)
    let node
    if (known.includes(s.status)) node = sentenceNode(s, at, n => this.source(n))
    else node = el('span', { class: 's ' + (s.status === 'edited' ? 'edited' : 'said'), 'data-i': at }, el('span', { class: 's-text' }, s.text),
      s.status === 'edited' ? el('span', { class: 'badge' }, t('확인 전')) : '')
    if (hidden) node.querySelector('.s-text').replaceChildren(hidden, el('span', { class: 'vh' }, ' ' + t('개인정보 가림')))
    return node
  }

  source(n) { return this.answer.sources.find(s => s.n === n) }

  // edit turns a block into fields; what is written is taken over when they are left.
  edit(i, at) {
    const b = this.blocks[i]
    const node = this.doc.querySelector(`[data-b="${i}"]`)
    if (!node || node.classList.contains('editing')) return
    if (!this.revealed && !this.public && (b.sentences.some(s => this.masked.has(s.text)))) {
      alarm(t('개인정보가 가려져 있습니다. [개인정보 보기]를 누른 뒤 고쳐 주세요.'))
      this.revealButton.focus()
      return
    }
    node.classList.add('editing')
    node.querySelector('.edit').hidden = true
    const line = node.querySelector('.line, .scroll')
    let fields
    if (b.kind === 'table') {
      fields = [...node.querySelectorAll('th, td')].map((cell, k) => {
        const area = el('textarea', { rows: '1', 'aria-label': `${this.name(i)}, ${t('칸 {n}', { n: k + 1 })}` })
        area.value = b.rows.flat()[k].text
        cell.replaceChildren(area)
        return area
      })
    } else {
      const area = el('textarea', { rows: '1', lang: 'ko', class: 'area', 'aria-label': this.name(i) })
      area.value = textOf(b)
      line.replaceChildren(area)
      fields = [area]
    }
    const commit = this.finish = () => {
      if (!node.isConnected || node.dataset.done) return
      node.dataset.done = '1'
      this.commit(i, b, fields.map(f => f.value))
    }
    const tools = el('div', { class: 'block-tools', role: 'toolbar', 'aria-label': t('문단 도구') },
      button('마치기', () => { commit(); this.focus(i) }),
      b.kind === 'item' ? [button('수준 올림', () => this.level(i, -1, commit)), button('수준 내림', () => this.level(i, 1, commit))] : '',
      b.kind === 'table' ? [button('행 추가', () => { commit(); this.rows(i, 1) }), button('끝 행 삭제', () => { commit(); this.rows(i, -1) })]
        : button('담당자 입력으로 표시', () => { const f = fields[0]; if (!f.value.includes(given)) f.value += ' ' + given; commit(); this.focus(i) }),
      button('아래에 추가', () => { commit(); this.insert(i) }), button('문단 삭제', () => { node.dataset.done = '1'; this.cut(i) }))
    node.append(tools)
    node.addEventListener('focusout', e => { if (!node.contains(e.relatedTarget) && document.hasFocus()) commit() })
    node.addEventListener('keydown', e => {
      if (e.isComposing) return
      if (e.key === 'Escape') { e.stopPropagation(); commit(); this.focus(i) }
      if (e.altKey && e.shiftKey && (e.key === 'ArrowLeft' || e.key === 'ArrowRight') && b.kind === 'item') {
        e.preventDefault()
        this.level(i, e.key === 'ArrowLeft' ? -1 : 1, commit)
      }
    })
    const area = fields[0]
    if (!CSS.supports('field-sizing', 'content')) {
      const fit = () => { area.style.height = 'auto'; area.style.height = area.scrollHeight + 'px' }
      area.addEventListener('input', fit)
      fit()
    }
    area.focus({ preventScroll: at === undefined })
    if (at !== undefined) area.setSelectionRange(at, at)
  }

  // commit takes over what was written. A line break begins a new block.
  commit(i, b, values) {
    const before = JSON.stringify(b)
    const blocks = [...this.blocks]
    if (b.kind === 'table') {
      let k = 0
      blocks[i] = { ...b, rows: b.rows.map((r, n) => r.map(c => {
        const text = values[k++].replace(/\s+/g, ' ').trim()
        return text === c.text ? c : { text, cites: c.cites ?? [], status: n ? 'edited' : 'plain' }
      })) }
    } else {
      const lines = values[0].split('\n').map(l => l.trim()).filter(Boolean)
      const fresh = lines.map((line, k) => ({ ...b, sentences: resay(k ? [] : b.sentences, line) }))
      if (b.kind === 'heading') for (const f of fresh) for (const s of f.sentences) s.status = 'plain'
      blocks.splice(i, 1, ...fresh)
    }
    if (JSON.stringify(blocks[i]) === before && blocks.length === this.blocks.length) return this.redraw(i)
    this.change(blocks)
  }

  // change makes blocks the draft, and keeps what it was.
  change(blocks) {
    this.undo.push(JSON.stringify({ public: this.public, blocks: this.blocks }))
    if (this.undo.length > 100) this.undo.shift()
    this.answer.hints = moved(this.answer.hints, this.blocks, blocks)
    this.blocks = blocks
    this.drawBlocks()
    this.drawSide()
    this.tell()
  }

  redraw(i) {
    const node = this.doc.querySelector(`[data-b="${i}"]`)
    node?.replaceWith(this.blockNode(this.blocks[i], i))
  }

  back() {
    this.finish()
    const last = this.undo.pop()
    if (!last) return
    const { public: which, blocks } = JSON.parse(last)
    this.public = which
    this.blocks = blocks
    this.draw()
    say(t('되돌렸습니다.'))
  }

  level(i, by, commit) {
    commit()
    const b = this.blocks[i]
    const level = Math.min(Math.max((b.level || 1) + by, 1), this.answer.task === 'reply' ? 8 : 3)
    if (level !== b.level) this.change(this.blocks.map((x, k) => k === i ? { ...x, level } : x))
    say(`${this.marks[i]} ${t('수준 {n}', { n: level })}`)
    this.edit(i)
  }

  rows(i, by) {
    const b = this.blocks[i]
    const empty = () => b.rows[0].map(() => ({ text: '-', cites: [], status: 'plain' }))
    if (by < 0 && b.rows.length < 3) return this.edit(i)
    this.change(this.blocks.map((x, k) => k !== i ? x : { ...x, rows: by > 0 ? [...x.rows, empty()] : x.rows.slice(0, -1) }))
    this.edit(i)
  }

  insert(i) {
    const b = this.blocks[i]
    const kind = b?.kind === 'item' ? { kind: 'item', level: b.level } : { kind: b?.kind === 'heading' && this.answer.task !== 'reply' ? 'item' : 'paragraph', level: 1 }
    this.change(this.blocks.toSpliced(i + 1, 0, { ...kind, sentences: [{ text: `[작성 필요: 내용]`, cites: [], status: 'gap' }] }))
    this.edit(i + 1)
    this.doc.querySelector(`[data-b="${i + 1}"] textarea`)?.select()
  }

  cut(i) {
    this.change(this.blocks.toSpliced(i, 1))
    say(t('문단을 삭제했습니다. 되돌리기로 되살릴 수 있습니다.'))
    this.focus(Math.max(i - 1, 0))
  }

  // focus moves to a block without opening it.
  focus(i) {
    const node = this.doc.querySelector(`[data-b="${i}"]`)
    node?.scrollIntoView({ block: 'nearest' })
    node?.querySelector('.edit')?.focus()
  }

  // goTo shows a block to who looks for it.
  goTo(i, which = false) {
    if (this.answer.reply && this.public !== which) this.turn(which)
    const node = this.doc.querySelector(`[data-b="${i}"]`)
    for (const old of this.doc.querySelectorAll('.found-here')) old.classList.remove('found-here')
    node?.classList.add('found-here')
    node?.scrollIntoView({ block: 'center' })
    node?.querySelector('.edit')?.focus({ preventScroll: true })
  }

  turn(which) {
    if (this.public === which) return
    this.finish()
    this.public = which
    this.draw()
    say(which ? t('공개용: 이름과 번호를 뺀 글입니다.') : t('비공개용: 민원인에게 보내는 글입니다.'))
  }

  drawSide() {
    const open = [...this.side.querySelectorAll('details')].filter(d => !d.open).map(d => d.dataset.part)
    this.side.replaceChildren(...review(this))
    for (const d of this.side.querySelectorAll('details')) if (open.includes(d.dataset.part)) d.open = false
  }

  fix(h) {
    const b = this.blocks[h.block]
    const points = Array.from(textOf(b))
    points.splice(h.start, h.end - h.start, ...h.fix)
    this.change(this.blocks.map((x, i) => i === h.block ? { ...b, sentences: resay(b.sentences, points.join('')).map(s => b.kind === 'heading' ? { ...s, status: 'plain' } : s) } : x))
  }

  listen() {
    this.main.addEventListener('click', e => {
      const chip = e.target.closest('.chip, .used button')
      if (chip) return this.show(chip, e.detail === 0)
      const line = e.target.closest('.block:not(.editing) .line')
      if (line && !e.target.closest('button') && getSelection().isCollapsed) this.edit(Number(line.closest('.block').dataset.b), offset(line))
    })
    this.main.addEventListener('keydown', e => {
      const chip = e.target.closest('.chip')
      if (!chip || !['ArrowLeft', 'ArrowRight'].includes(e.key)) return
      const chips = [...this.doc.querySelectorAll('.chip')]
      chips[chips.indexOf(chip) + (e.key === 'ArrowLeft' ? -1 : 1)]?.focus()
    })
    this.node.addEventListener('keydown', e => {
      if (e.isComposing || !(e.ctrlKey || e.metaKey)) return
      if (e.key === 's') { e.preventDefault(); this.save() }
      if (e.key === 'Enter') { e.preventDefault(); this.check() }
    })
    const light = e => {
      const s = e.target.closest?.('.s')
      for (const old of this.main.querySelectorAll('.lit')) old.classList.remove('lit')
      if (!s || e.type === 'focusout') return panel.light(null)
      const ns = [...s.querySelectorAll('.chip')].map(c => Number(c.dataset.n))
      if (!ns.length) return
      s.classList.add('lit')
      for (const li of this.side.querySelectorAll('.used li')) li.classList.toggle('lit', ns.includes(Number(li.dataset.n)))
      panel.light(ns)
    }
    for (const type of ['pointerover', 'focusin', 'focusout']) this.main.addEventListener(type, light)
  }

  // show opens the source of a chip beside the draft.
  show(opener, focus) {
    const sources = used(this)
    const all = this.blocks.flatMap((b, i) => sentencesOf(b).map(s => ({ s, i })))
    const users = source => all.filter(({ s }) => cites(s).includes(source.n))
    const holder = opener.closest('.block')
    panel.show({ sources, at: sources.findIndex(s => s.n === Number(opener.dataset.n)), on: this.answer.on, focus, word: '근거', backWord: '초안으로 돌아가기', into: this.slot,
      back: () => { panel.clear(); (opener.isConnected ? opener : this.title).focus() },
      spans: source => users(source).filter(u => !holder || u.i === Number(holder.dataset.b) || !users(source).some(x => x.i === Number(holder.dataset.b))).flatMap(u => u.s.cites).filter(c => c.source === source.n),
      users: source => users(source).map(u => ({ label: this.marks[u.i] || String(u.i + 1), go: () => { if ($('source-dialog').open) $('source-dialog').close(); this.goTo(u.i, this.public) } })),
      onChange: source => {
        for (const c of this.doc.querySelectorAll('.chip')) {
          if (Number(c.dataset.n) === source.n) c.setAttribute('aria-current', 'true')
          else c.removeAttribute('aria-current')
        }
      } })
  }

  // body is the draft as the service takes it.
  body() { return { answer: this.answer } }

  // does one thing after another and words what goes wrong.
  async attempt(what, keep) {
    if (this.working) return
    this.working = true
    this.finish()
    if (!keep) this.notice.replaceChildren()
    try {
      return await what()
    } catch (e) {
      if (e.code === 'version_conflict') await this.conflict()
      else this.fault(api.explain(e))
    } finally {
      this.working = false
    }
  }

  fault(text, ...actions) {
    this.notice.replaceChildren(el('section', { class: 'outcome', 'data-kind': 'error', 'aria-label': t('처리 결과') }, icon('warn'), el('p', {}, text), actions.length ? el('div', { class: 'actions' }, actions) : ''))
    alarm(text)
  }

  save() {
    this.finish()
    if (!this.dirty) return say(t('바뀐 내용이 없습니다.'))
    return this.attempt(() => this.put(this.version))
  }

  async put(version) {
    const draft = await api.put('/v1/drafts/' + this.id, this.body(), { headers: { 'If-Match': `"${version}"` } })
    this.load(draft)
    this.draw()
    toast(t('저장했습니다. {time}', { time: clock(draft.updated) }))
  }

  async conflict() {
    const newest = await api.get('/v1/drafts/' + this.id).catch(() => null)
    const text = t('다른 창에서 먼저 저장했습니다. 두 버전을 비교한 뒤 저장해 주세요.')
    if (!newest) return this.fault(text)
    const mine = button('내 글을 새 버전으로 저장', () => this.attempt(() => this.put(newest.version)))
    this.fault(text, button('버전 비교', () => compareVersions(this, newest.answer, this.answer, t('먼저 저장된 버전 {n}', { n: newest.version }), t('내가 고친 글'))), mine,
      button('저장된 버전 불러오기', async () => {
        if (!await confirmed(t('저장된 버전을 불러올까요?'), t('이 창에서 고친 내용은 사라집니다.'), t('불러오기'))) return
        this.undo = []
        this.load(newest)
        this.notice.replaceChildren()
        this.draw()
        this.title.focus()
      }))
  }

  check() {
    return this.attempt(async () => {
      const got = await api.post(`/v1/drafts/${this.id}/check`, this.body())
      this.answer = { ...got.answer, reply: got.answer.reply }
      for (const b of [...this.answer.blocks, ...(this.answer.reply?.public ?? [])]) b.sentences ??= []
      this.changes = got.changes ?? []
      panel.clear()
      this.draw()
      const h = this.side.querySelector('[data-part=changes] h2')
      h?.focus()
      const requests = this.answer.reply?.requests
      say(t('다시 확인했습니다. 바뀐 문장 {n}건.', { n: this.changes.length }) + (requests ? ' ' + t('요청 {n}건 중 답변 있음 {m}건', { n: requests.length, m: this.side.querySelectorAll('[data-part=requests] .good').length }) : ''))
    })
  }

  async keep() { if (this.dirty) await this.put(this.version) }
  address(format) { return `/v1/drafts/${this.id}/export?format=${format}&version=${this.version}${this.public ? '&public=true' : ''}` }

  download(format) {
    return this.attempt(async () => {
      await this.keep()
      const { blob, name } = await api.file(this.address(format))
      save(blob, name)
      toast(t('내려받았습니다: {name}', { name }))
    })
  }

  copy() {
    return this.attempt(async () => {
      await this.keep()
      const { blob } = await api.file(this.address('txt'))
      await copy(await blob.text(), t('공문 형식으로 복사했습니다.'))
    })
  }

  async remove() {
    if (!await confirmed(t('이 초안을 삭제할까요?'), t('모든 버전이 지워지며 되돌릴 수 없습니다.'), t('초안 삭제'))) return
    return this.attempt(async () => {
      await api.del('/v1/drafts/' + this.id)
      this.saved = JSON.stringify(this.content())
      this.gone = true
      go('/drafts')
      toast(t('초안을 삭제했습니다.'))
    })
  }

  // findPersonal has the service look for personal data, which stays masked until
  // somebody asks to see it.
  async findPersonal() {
    if (this.answer.task !== 'reply') return
    const texts = [...new Set(this.answer.blocks.flatMap(b => b.sentences.map(s => s.text)))]
    let got
    try { got = await api.post('/v1/mask', { text: texts.join('\n'), keep_contacts: true }) } catch { return }
    const lines = got.text.split('\n')
    this.masked = new Map(texts.map((text, i) => [text, lines[i]]).filter(([text, masked]) => masked !== undefined && text !== masked))
    this.revealButton.hidden = !this.masked.size
    this.revealButton.setAttribute('aria-pressed', 'false')
    if (this.masked.size && !this.doc.querySelector('.editing')) this.drawBlocks()
  }

  reveal() {
    return this.attempt(async () => {
      if (!this.revealed) await api.get(`/v1/drafts/${this.id}?version=${this.version}`) // recorded as a reading
      this.revealed = !this.revealed
      this.revealButton.setAttribute('aria-pressed', String(this.revealed))
      this.drawBlocks()
      say(this.revealed ? t('표시했습니다. 열람 기록이 남습니다.') : t('다시 가렸습니다.'))
    })
  }

  // leave hides what was revealed.
  leave() {
    if (!this.revealed) return
    this.revealed = false
    this.revealButton.setAttribute('aria-pressed', 'false')
    this.drawBlocks()
  }
}

// offset is where in the text of a line the caret was set.
function offset(line) {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0)
  if (!range || !line.contains(range.startContainer)) return undefined
  let n = 0
  for (const s of line.querySelectorAll('.s-text')) {
    if (s.contains(range.startContainer)) return n + range.startOffset
    n += s.textContent.length + 1
  }
  return undefined
}
