package expression

import (
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

const (
	// maxPattern is the most instructions that one pattern may be compiled to, about one for each
	// character that it asks for: x{1000} has 1,000.
	maxPattern = 1000
	// maxPatterns is the same for all patterns of a mapping.
	maxPatterns = 10 * maxPattern
	// maxMatched is the longest text in bytes that a pattern is tried on.
	maxMatched = maxText
	// rangesPerInstruction is how many ranges of characters weigh as much as one instruction.
	rangesPerInstruction = 16
)

// pattern is the constant on the right of matches.
type pattern struct {
	re   *regexp.Regexp
	cost int // steps a byte
}

// matchSteps is what one instruction costs on one byte at worst, when each of them stands for a
// beginning of a match that is still possible.
const matchSteps = 8

// backtracked is the most bytes times instructions that the regexp package may try a pattern on in
// its own way for short texts: its stack has up to so many entries, of some 24 bytes, and is kept
// for the next match. A reader's text is tried in memory that only the pattern's size bounds.
const backtracked = 32 << 10

// pattern compiles the text of a pattern once for the whole mapping; msg says why it may not be
// used. Its size is known before it is compiled: compiling is what costs memory.
func (m *Machine) pattern(source string) (p *pattern, msg string) {
	if p := m.patterns[source]; p != nil {
		return p, ""
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err.Error()
	}
	size := instructions(tree) + 2 // the ones that a match and a failure end with
	if size > maxPattern {
		return nil, fmt.Sprintf("the pattern is too large: it stands for more than %d characters. Shorten it, or its repetitions {…}", maxPattern)
	}
	if m.patternSize += size; m.patternSize > maxPatterns {
		return nil, fmt.Sprintf("the patterns of the matching are too large together: they stand for more than %d characters. Use fewer or shorter ones", maxPatterns)
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, err.Error()
	}
	p = &pattern{re, matchSteps * size}
	m.patterns[source] = p
	return p, ""
}

// instructions is at least the number of instructions that re is compiled to, or maxPattern+1 if
// there are more.
func instructions(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		if n += instructions(sub); n > maxPattern {
			return maxPattern + 1
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		n += len(re.Rune)
	case syntax.OpCharClass:
		n += 1 + len(re.Rune)/2/rangesPerInstruction
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		n += 2
	case syntax.OpAlternate:
		n += len(re.Sub)
	case syntax.OpRepeat:
		if re.Max < 0 {
			n = max(re.Min, 1)*n + 2
		} else {
			n = re.Min*n + (re.Max-re.Min)*(n+1)
		}
	}
	return min(max(n, 1), maxPattern+1)
}

// match is the operator matches.
func match(m *Meter, args []any) (any, error) {
	p := args[1].(*pattern)
	if args[0] == nil {
		return false, nil
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, failf("matches needs a text on its left: write string(…) around it")
	}
	if len(s) > maxMatched {
		return nil, failf("the text is longer than %d KiB, too long for matches: shorten it first, for example with left(…, 1000)", maxMatched>>10)
	}
	if cost := (len(s) + 1) * p.cost; cost <= matchSteps*backtracked {
		if err := m.Charge(cost, 0); err != nil {
			return nil, err
		}
		return p.re.MatchString(s), nil
	}
	r := &meteredText{text: s, meter: m, each: p.cost}
	found := p.re.MatchReader(r)
	return found, r.err
}

// meteredText hands out a text while the budget lasts and the context has not ended.
type meteredText struct {
	text  string
	meter *Meter
	each  int // steps a byte
	err   error
}

// ReadRune implements io.RuneReader.
func (r *meteredText) ReadRune() (c rune, size int, err error) {
	if r.err != nil || r.text == "" {
		return 0, 0, io.EOF
	}
	c, size = utf8.DecodeRuneInString(r.text)
	if r.err = r.meter.Charge(size*r.each, 0); r.err != nil {
		return 0, 0, io.EOF
	}
	r.text = r.text[size:]
	return c, size, nil
}
