package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// panel shows cost (y) against size (x, logarithmic).
type panel struct {
	title, unit string
	log         bool // y as well; otherwise y begins at 0
	size        func(x float64) string
	lines       []line
}

// line is what one server costs.
type line struct {
	server string
	points []point
}

type point struct{ x, y float64 }

const (
	panelWidth, panelHeight  = 330, 270
	left, right, top, bottom = 48, 26, 56, 36 // margins inside a panel
	legendHeight             = 30
)

const style = `
text { font: 12px system-ui, sans-serif; fill: #57606a; }
.title { font-weight: 600; font-size: 14px; fill: #1f2328; }
.grid { stroke: #d8dee4; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
polyline.s0 { stroke: #0969da; } polyline.s1 { stroke: #bc4c00; } polyline.s2 { stroke: #8c959f; }
.s0 { fill: #0969da; } .s1 { fill: #bc4c00; } .s2 { fill: #8c959f; }
polyline.s0, polyline.s1, polyline.s2 { fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; } .title { fill: #f0f6fc; } .grid { stroke: #3d444d; }
  polyline.s0 { stroke: #58a6ff; } polyline.s1 { stroke: #f0883e; }
  .s0 { fill: #58a6ff; } .s1 { fill: #f0883e; }
}
`

// plot draws the panels in a row, as an SVG that follows the reader's light or
// dark mode. Servers tells the order of the colors.
func plot(servers []string, panels []panel) string {
	var b strings.Builder
	width, height := panelWidth*len(panels), legendHeight+panelHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`, width, height, width, height)
	fmt.Fprintf(&b, "\n<style>%s</style>\n", style)
	for i, server := range servers {
		fmt.Fprintf(&b, "<circle class=\"s%d\" cx=\"%d\" cy=\"16\" r=\"5\"/><text x=\"%d\" y=\"20\">%s</text>\n",
			i, left+4+i*170, left+16+i*170, html.EscapeString(server))
	}
	for i, p := range panels {
		fmt.Fprintf(&b, "<g transform=\"translate(%d %d)\">\n", i*panelWidth, legendHeight)
		p.draw(&b, servers)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *panel) draw(b *strings.Builder, servers []string) {
	fmt.Fprintf(b, "<text class=\"title\" x=\"%d\" y=\"20\">%s</text>\n", left, html.EscapeString(p.title))
	fmt.Fprintf(b, "<text x=\"%d\" y=\"38\">%s</text>\n", left, html.EscapeString(p.unit))
	x, y := p.axes()
	if x == nil {
		return
	}
	for _, v := range y.ticks {
		fmt.Fprintf(b, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", left, panelWidth-right, y.at(v), y.at(v))
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left-8, y.at(v)+4, strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0"))
	}
	for _, v := range x.ticks {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x.at(v), panelHeight-bottom+22, p.size(v))
	}
	// The first server is drawn last, above the others.
	for i := len(servers) - 1; i >= 0; i-- {
		for _, l := range p.lines {
			if l.server != servers[i] {
				continue
			}
			var path, marks strings.Builder
			for _, pt := range l.points {
				fmt.Fprintf(&path, "%.1f,%.1f ", x.at(pt.x), y.at(pt.y))
				fmt.Fprintf(&marks, "<circle class=\"s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", i, x.at(pt.x), y.at(pt.y))
			}
			fmt.Fprintf(b, "<polyline class=\"s%d\" points=\"%s\"/>%s\n", i, strings.TrimSpace(path.String()), marks.String())
		}
	}
}

// axis maps values to places in a panel.
type axis struct {
	low, high float64
	from, to  float64
	log       bool
	ticks     []float64
}

func (a *axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if low == high {
		return (a.from + a.to) / 2
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// axes returns nil for a panel without points.
func (p *panel) axes() (x, y *axis) {
	x = &axis{from: left, to: panelWidth - right, log: true, low: math.Inf(1)}
	y = &axis{from: panelHeight - bottom, to: top, log: p.log, low: math.Inf(1)}
	seen := make(map[float64]bool)
	for _, l := range p.lines {
		for _, pt := range l.points {
			x.low, x.high = min(x.low, pt.x), max(x.high, pt.x)
			y.low, y.high = min(y.low, pt.y), max(y.high, pt.y)
			if !seen[pt.x] {
				seen[pt.x] = true
				x.ticks = append(x.ticks, pt.x)
			}
		}
	}
	switch {
	case len(x.ticks) == 0:
		return nil, nil
	case p.log:
		for v := math.Pow(10, math.Floor(math.Log10(y.low))); len(y.ticks) == 0 || y.ticks[len(y.ticks)-1] < y.high; v *= 10 {
			y.ticks = append(y.ticks, v)
		}
	default:
		step := tickStep(y.high)
		for v := 0.; len(y.ticks) < 2 || v < y.high+step; v += step {
			y.ticks = append(y.ticks, v)
		}
	}
	y.low, y.high = y.ticks[0], y.ticks[len(y.ticks)-1]
	return x, y
}

// tickStep returns 1, 2 or 5 times a power of ten, that 0 to high has three to seven of.
func tickStep(high float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(high/3)))
	for _, factor := range []float64{5, 2} {
		if step*factor <= high/3 {
			return step * factor
		}
	}
	return step
}
