// Draws an answer as it comes: a sentence is added when its check is done, and
// what is on the page is not drawn again.
import { $, button, el, errorLine, icon, t, toast } from './dom.js'
import * as api from './api.js'
import * as panel from './panel.js'
import { dated, showDate, week } from './text.js'

const perPart = 100 // sentences in a part of a long answer, which is laid out only when it is looked at
const budget = 8 // milliseconds of drawing in a frame
let articles = 0

// A hidden page has no frames.
const frame = () => new Promise(done => { requestAnimationFrame(done); setTimeout(done, 100) })

// cites lists the numbers of the sources that a sentence cites, each once.
export const cites = s => [...new Set((s.cites || []).map(c => c.source))]

function stateOf(s) {
  if (s.status === 'plain' || !s.status && !s.cites?.length) return 'plain'
  return ['verified', 'gap'].includes(s.status) ? s.status : 'unverified'
}

// sentenceNode draws sentence number i of a text with its chips. sourceOf(n) is
// the source of a chip. A state that is not known is shown as one to be checked.
// What states no fact is plain: the code says so, or gives it no state and no source.
export function sentenceNode(s, i, sourceOf, onFeedback) {
  const refs = cites(s)
  const state = stateOf(s)
  const node = el('span', { class: 's ' + (state === 'plain' ? 'said' : state), 'data-i': i }, el('span', { class: 's-text' }, s.text),
    refs.map(n => el('button', { type: 'button', class: 'chip', tabindex: '-1', 'data-n': n }, String(n),
      el('span', { class: 'vh' }, ' ' + t('번 근거: {cite}', { cite: sourceOf(n)?.cite || sourceOf(n)?.title || '' })))))
  const note = state === 'unverified' ? ['확인 필요', s.why || t('근거에서 확인하지 못했습니다.')] : state === 'verified' && s.warn ? ['단서 확인', s.warn] : null
  if (note) {
    const why = el('span', { class: 'why', hidden: true }, note[1], onFeedback ? button('의견 보내기', onFeedback, 'quiet small') : '')
    const open = button('이유 보기', () => {
      why.hidden = !why.hidden
      open.setAttribute('aria-expanded', String(!why.hidden))
    }, 'quiet small')
    open.setAttribute('aria-expanded', 'false')
    node.append(el('span', { class: 'badge' }, t(note[0])), open, why)
  }
  return node
}

// An AnswerView is the article of one question or draft. Its node may be taken off
// the page and put back while the answer goes on. level is that of its heading.
export class AnswerView {
  constructor({ question, on, scope = '', task = 'answer', level = 1 }) {
    Object.assign(this, { question, on, task, level }) // on: the service's day until the answer names its own
    this.sources = []
    this.start()
    const id = 'used-' + ++articles
    this.outcome = el('div', { class: 'outcome' })
    this.warningList = el('ul', { class: 'warnings' })
    this.body = el('div', { class: 'answer', lang: 'ko' })
    this.label = el('span', { class: 'hint', lang: 'ko' })
    this.heading = el('div', { class: 'heading', hidden: true }, el('h' + (level + 1), { class: 'part-title' }, t('답변')), this.label)
    this.pending = el('p', { class: 'pending' })
    this.actions = el('div', { class: 'actions' })
    this.used = el('ol', { class: 'used', 'aria-labelledby': id })
    this.usedTitle = el('h' + (level + 1), { id, class: 'part-title' }, t('쓰인 근거'))
    this.usedPart = el('div', { hidden: true }, this.usedTitle, this.used)
    this.title = el('h' + level, { tabindex: '-1', lang: 'ko', class: 'question' }, question)
    this.scope = el('p', { class: 'hint scope' }, scope)
    this.node = el('article', { class: 'work' }, this.title, this.scope, this.outcome, this.warningList,
      this.heading, this.body, this.pending, this.actions, this.usedPart)
    this.listen()
  }

  start() {
    this.sentences = [] // {sentence, node, refs}, in order
    this.bySource = new Map() // number of a source → its sentences
    this.shape = [] // of what is drawn: [kind, sentences]
    this.line = null // paragraph or item that sentences are added to
    this.copiedFrom = 0 // source of the last sentence, for the layout of extracts
    this.queue = []
    this.lit = []
  }

  // tell fills the outcome banner: its kind, a bold word, one sentence, buttons.
  tell(kind, word, text, ...actions) {
    const icons = { answered: 'ok', partial: 'warn', extractive: 'extract', no_source: 'none', working: 'work', error: 'warn' }
    this.outcome.dataset.kind = kind
    this.outcome.replaceChildren(icon(icons[kind] ?? 'stop'),
      el('p', {}, el('strong', {}, t(word), ': '), text), ...(actions.length ? [el('div', { class: 'actions' }, actions)] : []))
  }

  addSources(sources) { this.sources = sources }

  addWarning(w) {
    if (w.code === 'extracts') { // the outcome says the same
      this.extracts = true
      return
    }
    this.warningList.append(el('li', {}, el('strong', {}, t('주의'), ': '), el('span', { lang: 'ko' }, dated(w.text))))
  }

  // addBlock begins a block; the sentences added next belong to it.
  addBlock(block) { this.put({ block }) }
  addSentence(sentence) { this.put({ sentence }) }

  put(step) {
    this.queue.push(step)
    this.drawing ??= this.drain()
  }

  // drain draws what is queued, a little in each frame.
  async drain() {
    while (this.queue.length) {
      await frame()
      const until = performance.now() + budget
      while (this.queue.length && performance.now() < until) this.draw1(this.queue.shift())
      this.label.textContent = this.kind()
      this.heading.hidden = !this.sentences.length
    }
    this.drawing = null
  }

  draw1({ block, sentence }) {
    if (block) this.open(block)
    else {
      const from = sentence.cites?.[0]?.source ?? 0
      if (!this.line || (this.extracts && from !== this.copiedFrom)) this.open({ kind: 'paragraph' })
      this.copiedFrom = from
      this.add(sentence, this.line)
      this.shape.at(-1)[1]++
    }
  }

  // open begins a paragraph, item, heading or table. The last two come whole.
  open(block) {
    this.body.classList.toggle('extracts', !!this.extracts)
    if (!this.part?.isConnected || this.part.parentNode !== this.body || this.inPart >= perPart) {
      this.body.append(this.part = el('div', { class: 'part' }))
      this.inPart = 0
      this.body.classList.toggle('long', this.body.children.length > 2)
    }
    const whole = block.kind === 'heading' ? block.sentences ?? [] : []
    this.shape.push([block.kind, 0])
    switch (block.kind) {
      case 'item': {
        let list = this.part.lastElementChild
        if (list?.tagName !== 'UL') this.part.append(list = el('ul'))
        list.append(this.line = el('li', { class: 'level' + (block.level || 1) }))
        break
      }
      case 'table':
        this.part.append(this.table(block.rows || []))
        this.line = null
        return
      default:
        this.part.append(this.line = el(block.kind === 'heading' ? 'h' + Math.min(6, this.level + 1 + (block.level || 1)) : 'p'))
    }
    for (const s of whole) {
      this.add(s, this.line)
      this.shape.at(-1)[1]++
    }
    if (block.kind === 'heading') this.headed = true
  }

  table([head = [], ...rows]) {
    const cell = (tag, props, s) => {
      const node = el(tag, props)
      this.add(s, node)
      return node
    }
    return el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': t('표') }, el('table', {},
      el('thead', {}, el('tr', {}, head.map(s => cell('th', { scope: 'col' }, s)))),
      el('tbody', {}, rows.map(r => el('tr', {}, r.map((s, i) => cell(i ? 'td' : 'th', i ? {} : { scope: 'row' }, s)))))))
  }

  add(sentence, line) {
    const i = this.sentences.length
    const node = sentenceNode(sentence, i, n => this.source(n), () => this.feedback(i))
    const one = { sentence, node, refs: cites(sentence) }
    this.sentences.push(one)
    for (const n of one.refs) {
      if (!this.bySource.has(n)) this.bySource.set(n, [])
      this.bySource.get(n).push(one)
    }
    this.inPart++
    line.append(node, ' ')
    const chip = one.refs.length && !line.stop && node.querySelector('.chip')
    if (chip) line.stop = chip, chip.tabIndex = 0 // one tab stop a paragraph; arrow keys reach the others
    if (this.bySource.size && !this.opened) {
      this.opened = true
      this.first()
    }
  }

  // first shows the first evidence beside the answer, where there is room for it.
  first() {
    const chip = this.sentences.find(s => s.refs.length)?.node.querySelector('.chip')
    if (chip && this.onPage() && panel.hasColumn()) this.show(chip, false)
  }

  source(n) { return this.sources.find(s => s.n === n) }

  // draw shows an answer that is there already, or what differs in one that came
  // as a stream. Sentences that are on the page keep their elements.
  async draw(answer) {
    await this.drawing
    this.on = answer.on
    if (answer.sources?.length) this.sources = answer.sources
    const blocks = answer.blocks || []
    const all = blocks.flatMap(b => [...(b.kind === 'table' ? (b.rows || []).flat() : b.sentences || [])])
    const same = all.length === this.sentences.length && all.every((s, i) => s.text === this.sentences[i].sentence.text)
    this.extracts = answer.outcome === 'extractive'
    if (!same) {
      this.body.replaceChildren()
      this.start()
      for (const b of blocks) {
        this.put({ block: b })
        if (b.kind !== 'heading') for (const sentence of b.sentences || []) this.put({ sentence })
      }
      await this.drawing
    } else if (JSON.stringify(this.shape) !== JSON.stringify(blocks.map(b => [b.kind, b.kind === 'table' ? 0 : b.sentences.length]))) this.layOut(blocks)
    this.answer = answer
    this.body.classList.toggle('extracts', this.extracts)
    this.label.textContent = all.length ? this.kind() : ''
    this.heading.hidden = !all.length
    this.listUsed()
    if (this.onPage()) all.length ? panel.refresh() : panel.clear()
  }

  // layOut moves the sentences on the page into the blocks of the answer.
  layOut(blocks) {
    const focused = document.activeElement
    const nodes = this.sentences.map(s => s.node)
    this.body.replaceChildren()
    this.shape = []
    let at = 0
    for (const b of blocks) {
      this.open({ ...b, sentences: [] })
      this.shape.at(-1)[1] = b.sentences.length
      for (const node of nodes.slice(at, at += b.sentences.length)) {
        this.line.append(node, ' ')
        const chips = node.querySelectorAll('.chip')
        for (const c of chips) c.tabIndex = -1
        if (chips.length && !this.line.stop) this.line.stop = chips[0], chips[0].tabIndex = 0
      }
    }
    if (this.body.contains(focused)) focused.focus({ preventScroll: true }) // moving it took the focus away
  }

  onPage() { return this.node.isConnected && !this.node.closest('[hidden]') }

  usedSources() { return [...this.bySource.keys()].map(n => this.source(n)).filter(Boolean) }

  // listUsed lists the evidence; where there is none, the nearest passages, which are none.
  listUsed() {
    const near = this.answer?.outcome === 'no_source'
    const name = s => s.doc_id + s.cite
    const used = near ? this.sources.filter((s, i, all) => all.findIndex(o => name(o) === name(s)) === i) : this.usedSources()
    this.usedPart.hidden = used.length === 0
    this.usedTitle.textContent = t(near ? '비슷한 문서(근거 아님)' : '쓰인 근거')
    this.used.replaceChildren(...used.map(s => el('li', { 'data-n': s.n, lang: 'ko' },
      el('button', { type: 'button', class: 'link', 'data-n': s.n }, near ? '' : el('span', { class: 'number' }, String(s.n)), el('span', {}, s.cite || s.title)),
      panel.badge(s.in_force, this.on),
      s.via ? panel.tag(s.via) : null,
      s.in_force?.from ? el('span', { class: 'hint nb' }, t('시행') + ' ' + showDate(s.in_force.from)) : null,
      s.changed ? el('span', { class: 'hint attention nb' }, t('{date} 개정', { date: showDate(s.changed) })) : null)))
  }

  // show opens the source of a chip or of an entry of the list.
  show(opener, focus) {
    const n = Number(opener.dataset.n)
    const view = this
    const near = this.answer?.outcome === 'no_source'
    const list = () => near ? view.sources : view.usedSources()
    const holder = opener.closest('.s')
    const chosen = holder ? this.sentences[Number(holder.dataset.i)] : null
    const using = source => this.bySource.get(source.n) ?? []
    panel.show({
      get sources() { return list() }, at: list().findIndex(s => s.n === n), on: this.on, focus, word: near ? '비슷한 문서' : '근거', backWord: '답변으로 돌아가기',
      back: () => opener.focus(),
      sentence: chosen?.sentence.text, feedback: chosen && (() => this.feedback(Number(holder.dataset.i))),
      spans: source => (chosen?.refs.includes(source.n) ? [chosen] : using(source)).flatMap(s => s.sentence.cites || []).filter(c => c.source === source.n),
      users: source => using(source).map(s => ({
        label: String(Number(s.node.dataset.i) + 1),
        go: () => { panel.light(null); if ($('source-dialog').open) $('source-dialog').close(); s.node.querySelector('.chip').focus() },
      })),
      onChange: source => {
        for (const c of this.body.querySelectorAll('.chip[aria-current]')) c.removeAttribute('aria-current')
        for (const s of using(source)) for (const c of s.node.querySelectorAll('.chip')) if (Number(c.dataset.n) === source.n) c.setAttribute('aria-current', 'true')
      },
    })
  }

  feedback(i) {
    const s = this.sentences[i]
    feedback({ task: this.task, request: this.question.slice(0, 2000), sentence: s.sentence.text, sources: s.refs.map(n => this.source(n)?.chunk_id).filter(Boolean) })
  }

  listen() {
    this.node.addEventListener('click', e => {
      const b = e.target.closest('.answer .chip, .used button')
      if (b) this.show(b, e.detail === 0) // by key: the focus goes along
    })
    this.body.addEventListener('keydown', e => {
      const chip = e.target.closest('.chip')
      if (!chip || !['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(e.key)) return
      const chips = [...this.body.querySelectorAll('.chip')]
      const i = chips.indexOf(chip)
      const to = chips[{ ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: chips.length - 1 }[e.key]]
      if (!to) return
      e.preventDefault()
      const line = to.closest('p, li, h2, h3, h4, h5, h6, td, th')
      if (line.stop) line.stop.tabIndex = -1
      line.stop = to
      to.tabIndex = 0
      to.focus()
    })
    const over = e => {
      const s = e.target.closest?.('.s')
      const source = e.target.closest?.('.used li')
      const one = s && this.sentences[Number(s.dataset.i)]
      this.light(one ? one.refs : source ? [Number(source.dataset.n)] : null, one)
    }
    for (const type of ['pointerover', 'focusin']) this.node.addEventListener(type, over)
    for (const type of ['pointerleave', 'focusout']) this.node.addEventListener(type, () => this.light(null))
    panel.onHover(source => this.onPage() && this.light(source && this.bySource.has(source.n) ? [source.n] : null))
  }

  // light shows what belongs together: a sentence and its sources, or a source
  // and its sentences.
  light(ns, one) {
    for (const node of this.lit) node.classList.remove('lit')
    const found = !ns ? [] : one ? [one] : ns.flatMap(n => this.bySource.get(n) ?? [])
    this.lit = [...found.map(s => s.node), ...(ns ? [...this.used.children].filter(li => ns.includes(Number(li.dataset.n))) : [])]
    for (const node of this.lit) node.classList.add('lit')
    panel.light(ns)
  }

  // kind is the label that goes with the text wherever it goes.
  kind() { return (this.extracts ? '원문 발췌' : 'AI 초안') + ' - 담당자 확인 필요' }

  // plain is the answer as official text: citations in words, then the sources.
  plain() {
    const line = s => {
      const names = [...new Set(cites(s).map(n => this.source(n)).map(x => x?.cite || x?.title).filter(Boolean))]
      return s.text + (names.length ? `(${names.join(', ')})` : '') + (stateOf(s) === 'unverified' ? ' [근거 확인 필요]' : '')
    }
    const blocks = this.answer?.blocks ?? [{ kind: 'paragraph', sentences: this.sentences.map(s => s.sentence) }]
    const text = blocks.map(b => b.rows?.length ? b.rows.map(r => r.map(s => s.text).join('\t')).join('\n')
      : (b.kind === 'item' ? '  '.repeat((b.level || 1) - 1) + '- ' : '') + b.sentences.map(line).join(this.extracts ? '\n' : ' '))
    const used = this.usedSources().map(s => `- ${citation(s)}\n`).join('')
    const listed = used && `출처\n${used}\n`
    return `${this.question}\n\n${text.join('\n')}  끝.\n\n${listed}기준일 ${showDate(this.on, week)} / ${this.kind()}\n`
  }
}

// citation is a source as it is cited: its place and the day from which it applies.
export function citation(s) {
  const name = s.cite || s.title
  const dates = s.in_force?.from ? `(${showDate(s.in_force.from)} 시행)` : s.page ? ` ${s.page}쪽` : ''
  return (s.title && !name.includes(s.title) ? `${s.title}, ${name}` : name) + dates
}

// feedback opens the dialog in which an official says what is right or wrong about
// a sentence: {task, request, sentence, sources}, as POST /v1/feedback takes them.
export function feedback(about) {
  const comment = el('textarea', { id: 'feedback-comment', rows: '2', maxlength: '4000' })
  const error = errorLine()
  const choices = [['right', '맞음'], ['wrong', '틀림'], ['other_source', '출처 다름']].map(([value, word]) =>
    el('label', {}, el('input', { type: 'radio', name: 'verdict', value }), ' ', el('span', {}, t(word))))
  const dialog = el('dialog', { 'aria-labelledby': 'feedback-title' },
    el('h2', { id: 'feedback-title', tabindex: '-1' }, t('의견 보내기')),
    el('blockquote', { lang: 'ko' }, about.sentence),
    el('form', { submit: async e => {
      e.preventDefault()
      const verdict = new FormData(e.target).get('verdict')
      if (!verdict) return error.tell(t('맞음, 틀림, 출처 다름 가운데 하나를 골라 주세요.'))
      try {
        await api.post('/v1/feedback', { ...about, verdict, comment: comment.value.trim() || undefined }, { headers: key })
        dialog.close()
        toast(t('의견을 보냈습니다. 고맙습니다.'))
      } catch (err) { error.tell(api.explain(err)) }
    } },
    el('fieldset', {}, el('legend', {}, t('이 문장은')), choices),
    el('div', { class: 'field' }, el('label', { for: 'feedback-comment' }, t('의견 (선택)')), comment), error,
    el('div', { class: 'actions end' }, button('취소', () => dialog.close()), el('button', { class: 'primary' }, t('보내기')))))
  const key = api.once()
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  dialog.querySelector('[name=verdict]').focus()
}
