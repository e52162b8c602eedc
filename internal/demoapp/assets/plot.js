// The plot: a histogram above, the observations as they come in below. Drawn as SVG.

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 760, LEFT = 46, RIGHT = 12
const BARS = { top: 34, bottom: 300 }
const TRACE = { top: 356, bottom: 430 }
const TRACE_LENGTH = 240

export class Plot {
  constructor(svg) {
    this.svg = svg
    svg.setAttribute('viewBox', `0 0 ${WIDTH} 446`)
    this.title = add(svg, 'text', { class: 'title', x: WIDTH / 2, y: 20 })
    this.grid = add(svg, 'g', { class: 'grid' })
    this.bars = add(svg, 'g', { class: 'bars' })
    this.axis = add(svg, 'g', { class: 'axis' })
    this.label = add(svg, 'text', { class: 'label', x: WIDTH / 2, y: BARS.bottom + 36 })
    add(svg, 'line', { class: 'rule', x1: LEFT, x2: WIDTH - RIGHT, y1: TRACE.bottom, y2: TRACE.bottom })
    this.trace = add(svg, 'path', { class: 'trace' })
    this.dot = add(svg, 'circle', { class: 'dot', r: 4 })
    this.values = []
    this.top = 0
  }

  draw({ label, low, high, counts, total, latest }) {
    const fresh = label !== this.label.textContent
    if (fresh) this.values = []
    this.values = this.values.concat(latest).slice(-TRACE_LENGTH)
    const peak = Math.max(...counts, 1) * 1.1
    this.top = fresh || peak > this.top ? peak : this.top + (peak - this.top) * 0.15

    const x = v => LEFT + (v - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    const y = n => BARS.bottom - n / this.top * (BARS.bottom - BARS.top)
    this.title.textContent = `Histogram of the last ${counts.reduce((a, b) => a + b, 0)} of ${total} observations`
    this.label.textContent = label
    this.drawBars(counts, i => x(low + i * (high - low) / counts.length), y)
    this.drawAxes(low, high, x, y)
    this.drawTrace(low, high)
    this.svg.dataset.bins = counts.length
    this.svg.dataset.total = total
  }

  drawBars(counts, x, y) {
    while (this.bars.childElementCount > counts.length) this.bars.lastChild.remove()
    while (this.bars.childElementCount < counts.length) add(this.bars, 'rect', {})
    counts.forEach((n, i) => {
      set(this.bars.children[i], { x: x(i), width: x(i + 1) - x(i), y: y(n), height: BARS.bottom - y(n) })
    })
  }

  drawAxes(low, high, x, y) {
    this.axis.replaceChildren()
    this.grid.replaceChildren()
    for (const v of ticks(low, high)) {
      add(this.axis, 'line', { x1: x(v), x2: x(v), y1: BARS.bottom, y2: BARS.bottom + 5 })
      add(this.axis, 'text', { x: x(v), y: BARS.bottom + 18 }).textContent = v
    }
    for (const n of ticks(0, this.top)) {
      add(this.grid, 'line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(n), y2: y(n) })
      add(this.axis, 'text', { class: 'count', x: LEFT - 8, y: y(n) + 4 }).textContent = n
    }
  }

  drawTrace(low, high) {
    const step = (WIDTH - LEFT - RIGHT) / (TRACE_LENGTH - 1)
    const start = WIDTH - RIGHT - step * (this.values.length - 1)
    const point = (v, i) => [start + i * step, TRACE.bottom - (v - low) / (high - low) * (TRACE.bottom - TRACE.top)]
    const points = this.values.map(point)
    if (!points.length) return
    this.trace.setAttribute('d', 'M' + points.map(p => p.map(n => n.toFixed(1)).join(' ')).join('L'))
    const [cx, cy] = points.at(-1)
    set(this.dot, { cx, cy })
  }
}

// ticks are about five round numbers from low to high.
function ticks(low, high) {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find(m => m * power >= rough) * power
  const found = []
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(Number((i * step).toPrecision(6)))
  return found
}

function add(parent, name, attributes) {
  const element = document.createElementNS(SVG, name)
  set(element, attributes)
  return parent.appendChild(element)
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
}
