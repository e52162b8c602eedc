// A small SockJS client: one session, over the first of the transports that opens.
// Frames (SockJS protocol 0.3.3): "o" open, "h" heartbeat, a["..."] messages, c[code,"reason"] close.

const OPEN_WITHIN = 5000 // ms, for a transport's "o"; then the next one is tried

export const TRANSPORTS = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling']

// connect opens a session below base (".../__sockjs__"). The events: onopen(transport), onmessage(text),
// onclose(reason), and ontry(transport, url, why) before each attempt, why being how the last one failed.
export function connect(base, { transports = TRANSPORTS, ...events }) {
  let current = null
  let ended = false

  const attempt = ([name, ...rest], why) => {
    if (ended) return
    if (!name) return finish(why || 'no transport left')
    const url = `${base}/${digits()}/${word()}`
    let opened = false
    const next = reason => {
      clearTimeout(timer)
      if (ended || !link) return
      link.close()
      link = null
      opened ? finish(reason) : attempt(rest, `${name}: ${reason}`)
    }
    const timer = setTimeout(() => next('did not open in time'), OPEN_WITHIN)
    events.ontry?.(name, url, why)
    let link = links[name](url, frame => {
      if (ended || !link) return
      switch (frame[0]) {
        case 'o':
          clearTimeout(timer)
          opened = true
          current = link
          events.onopen?.(name)
          break
        case 'a':
          for (const message of JSON.parse(frame.slice(1))) events.onmessage?.(message)
          break
        case 'c':
          next(JSON.parse(frame.slice(1)).join(' '))
      }
    }, next)
  }

  const finish = reason => {
    ended = true
    current = null
    events.onclose?.(reason)
  }

  info(base).then(answer => {
    attempt(transports.filter(name => name !== 'websocket' || answer.websocket))
  }).catch(error => finish(`info: ${error.message}`))

  return {
    send: text => current?.send(text),
    close() {
      ended = true
      current?.close()
    },
  }
}

async function info(base) {
  const response = await fetch(`${base}/info`, { cache: 'no-store' })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.json()
}

const digits = () => String(Math.floor(Math.random() * 1000)).padStart(3, '0')
export const word = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), b => (b % 36).toString(36)).join('')

// Each of links opens a transport: frame is called with each frame, down once with a reason when it can't go on.
const links = {
  websocket(url, frame, down) {
    const socket = new WebSocket(url.replace(/^http/, 'ws') + '/websocket')
    socket.onmessage = event => frame(event.data)
    socket.onclose = event => down(`closed with ${event.code}`)
    return {
      send: text => socket.send(JSON.stringify([text])),
      close: () => socket.close(),
    }
  },

  'xhr-streaming': (url, frame, down) => posting(url, 'xhr_streaming', frame, down),

  'xhr-polling': (url, frame, down) => posting(url, 'xhr', frame, down),

  eventsource(url, frame, down) {
    const source = new EventSource(url + '/eventsource')
    // The server ends a response that has grown long; EventSource asks again by itself.
    source.onmessage = event => frame(decodeURIComponent(event.data))
    source.onerror = () => source.readyState === EventSource.CLOSED && down('refused')
    const outbox = sender(url, down)
    return {
      send: outbox.send,
      close() {
        source.close()
        outbox.close()
      },
    }
  },
}

// posting receives by one POST after the other, each read as it arrives, a frame a line.
function posting(url, name, frame, down) {
  const stop = new AbortController()
  const outbox = sender(url, down)
  const receive = async () => {
    while (!stop.signal.aborted) {
      const response = await fetch(`${url}/${name}`, { method: 'POST', signal: stop.signal, cache: 'no-store' })
      if (!response.ok) throw new Error(`status ${response.status}`)
      let rest = ''
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let part; !(part = await reader.read()).done;) {
        const lines = (rest + part.value).split('\n')
        rest = lines.pop()
        lines.filter(Boolean).forEach(frame)
      }
    }
  }
  receive().catch(error => stop.signal.aborted || down(error.message))
  return {
    send: outbox.send,
    close() {
      stop.abort()
      outbox.close()
    },
  }
}

// sender posts messages in order: those that gather while one POST is under way go together in the next.
function sender(url, down) {
  const stop = new AbortController()
  let waiting = []
  let busy = false
  const flush = async () => {
    if (busy || !waiting.length) return
    busy = true
    const body = JSON.stringify(waiting)
    waiting = []
    const headers = { 'Content-Type': 'text/plain' }
    const response = await fetch(`${url}/xhr_send`, { method: 'POST', body, headers, signal: stop.signal })
    if (!response.ok) throw new Error(`xhr_send: status ${response.status}`)
    busy = false
    return flush()
  }
  return {
    send(text) {
      waiting.push(text)
      flush().catch(error => stop.signal.aborted || down(error.message))
    },
    close: () => stop.abort(),
  }
}
