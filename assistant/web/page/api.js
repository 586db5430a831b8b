// Calls of the service.

// A Problem is an error that the service explained.
export class Problem extends Error {
  constructor(body) {
    super(body.code || 'unknown')
    Object.assign(this, { code: body.code, detail: body.detail, fields: body.errors || [], id: body.trace_id })
  }
}

// Lost: the service did not answer, or stopped in the middle of an answer.
export class Lost extends Error {}

async function call(path, init = {}) {
  let res
  try {
    res = await fetch(path, init)
  } catch (e) {
    throw e.name === 'AbortError' ? e : new Lost()
  }
  if (!res.ok) throw new Problem(await res.json().catch(() => ({})))
  return res
}

const post = (path, body, accept, signal) => call(path, {
  method: 'POST', body: JSON.stringify(body), signal, headers: { 'Content-Type': 'application/json', Accept: accept },
})

export const status = async () => (await call('/v1/status')).json()
export const alive = async () => (await call('/healthz')).ok
export const search = async (req, signal) => (await post('/v1/search', req, 'application/json', signal)).json()
export const passages = async (id, on, around) =>
  (await (await call(`/v1/passages/${encodeURIComponent(id)}?on=${on}&around=${around}`)).json()).sources

// answer yields the events of an answer as {name, data}. It throws Lost unless the
// stream ends with done or error.
export async function* answer(req, signal) {
  const res = await post('/v1/answers', req, 'text/event-stream', signal)
  const reader = res.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffer = ''
  for (;;) {
    let part
    try {
      part = await reader.read()
    } catch (e) {
      throw e.name === 'AbortError' ? e : new Lost()
    }
    if (part.done) throw new Lost()
    buffer += part.value
    const blocks = buffer.split('\n\n')
    buffer = blocks.pop()
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map(line => {
        const i = line.indexOf(': ')
        return [line.slice(0, i), line.slice(i + 2)]
      }))
      if (!fields.event) continue // a comment
      const data = JSON.parse(fields.data)
      if (fields.event === 'error') throw new Problem(data)
      yield { name: fields.event, data }
      if (fields.event === 'done') return
    }
  }
}
