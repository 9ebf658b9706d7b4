package source

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/nfp"
)

// numberFormat says what the number of a cell stands for.
type numberFormat struct {
	date, clock bool   // it shows a date, a time of day
	elapsed     bool   // the clock counts on beyond a day
	digits      string // of 00000 or 000-000: what its digits are filled in for, else ""
}

// builtinFormats are those that workbooks name by number only. What is missing shows a number.
func builtinFormat(id int) numberFormat {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id >= 57 && id <= 58:
		return numberFormat{date: true}
	case id == 46:
		return numberFormat{clock: true, elapsed: true}
	case id >= 18 && id <= 21, id == 45, id == 47, id >= 32 && id <= 35, id == 55, id == 56:
		return numberFormat{clock: true}
	case id == 22:
		return numberFormat{date: true, clock: true}
	}
	return numberFormat{}
}

// formatOfCode reads what a workbook says of how numbers are shown: dd.mm.yyyy, 00000, #,##0.00.
func formatOfCode(code string) numberFormat {
	var f numberFormat
	if len(code) > 255 { // what Excel takes
		return f
	}
	parser := nfp.NumberFormatParser()
	sections := parser.Parse(code)
	if len(sections) == 0 {
		return f
	}
	plain, zeros, months := true, 0, false
	var digits strings.Builder
	for _, t := range sections[0].Items {
		switch t.TType {
		case nfp.TokenTypeDateTimes, nfp.TokenTypeElapsedDateTimes:
			v := strings.ToLower(t.TValue)
			switch {
			case t.TType == nfp.TokenTypeElapsedDateTimes:
				f.clock, f.elapsed = true, true
			case strings.ContainsAny(v, "hs"), v == "am/pm", v == "a/p":
				f.clock = true
			case strings.ContainsAny(v, "ydbegr"), len(v) > 2:
				f.date = true
			default:
				months = true // or minutes
			}
			plain = false
		case nfp.TokenTypeZeroPlaceHolder:
			zeros += len(t.TValue)
			digits.WriteString(t.TValue)
		case nfp.TokenTypeLiteral:
			digits.WriteString(strings.ReplaceAll(t.TValue, "0", "\x00"))
		case nfp.TokenTypeColor:
		default:
			plain = false
		}
	}
	f.date = f.date || months && !f.clock
	if plain && zeros > 1 {
		f.digits = digits.String()
	}
	return f
}

// numberText is the number of a cell as text: as it is stored, or as it is shown if that is a date,
// or has leading zeros.
func numberText(stored string, f numberFormat, date1904 bool) string {
	stored = strings.TrimSpace(stored)
	v, err := strconv.ParseFloat(stored, 64)
	if err != nil || strings.ContainsAny(stored, "xX_pPnN") {
		return stored
	}
	if f.date || f.clock {
		if s, ok := dateText(v, f, date1904); ok {
			return s
		}
	}
	text := plainNumber(stored, v)
	if f.digits != "" {
		return fillDigits(text, f.digits)
	}
	return text
}

// plainNumber is a stored number without an exponent and without what is only the noise of its
// binary form: spreadsheets show 15 digits. An integer that somebody wrote out is what it is.
func plainNumber(stored string, v float64) string {
	if !strings.ContainsAny(stored, "eE") {
		significant := strings.TrimLeft(strings.Replace(strings.TrimLeft(stored, "+-"), ".", "", 1), "0")
		if len(significant) <= 15 || !strings.Contains(stored, ".") {
			return strings.TrimPrefix(stored, "+")
		}
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 14, 64), 64)
	if err != nil {
		return stored
	}
	if size := math.Abs(short); size >= 1e21 || size > 0 && size < 1e-20 {
		return strconv.FormatFloat(short, 'E', -1, 64)
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// fillDigits puts the digits of a whole number in the places of a format. What has no place stands
// before the first.
func fillDigits(number, format string) string {
	if strings.Trim(number, "0123456789") != "" || number == "" {
		return number
	}
	var out []byte
	at, rest := len(format)-1, len(number)
	first := strings.IndexByte(format, '0')
	for ; at >= 0; at-- {
		switch c := format[at]; {
		case c == '0' && rest > 0:
			rest--
			out = append(out, number[rest])
		case c == '0':
			out = append(out, '0')
		case c == 0:
			out = append(out, '0') // of a literal
		default:
			out = append(out, c)
		}
		for at == first && rest > 0 {
			rest--
			out = append(out, number[rest])
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

const (
	secondsADay = 24 * 60 * 60
	lastDay     = 2_958_465 // 9999-12-31
)

// dateText is the day and time of a number of days as ISO 8601 writes it, without a zone: workbooks
// know none.
func dateText(v float64, f numberFormat, date1904 bool) (string, bool) {
	if v < 0 || v >= lastDay+1 || math.IsNaN(v) {
		return "", false
	}
	days := int(v)
	seconds := int(math.Round((v - float64(days)) * secondsADay))
	if seconds == secondsADay {
		days, seconds = days+1, 0
	}
	hours := seconds / 3600
	if f.elapsed && !f.date {
		hours, days = hours+24*days, 0
	}
	clock := fmt.Sprintf("%02d:%02d:%02d", hours, seconds/60%60, seconds%60)
	if !f.date && days == 0 {
		return clock, true
	}
	var day string
	switch {
	case date1904:
		day = time.Date(1904, 1, 1+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case days == 0:
		return "", false
	case days == 60:
		day = "1900-02-29" // a day that spreadsheets know
	case days > 60:
		day = time.Date(1899, 12, 30+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	default:
		day = time.Date(1899, 12, 31+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if f.clock {
		return day + "T" + clock, true
	}
	return day, true
}

// unescapeCell reads what workbooks write for characters that XML does not have, such as _x000D_.
func unescapeCell(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for {
		i := strings.Index(s, "_x")
		if i < 0 || len(s) < i+7 {
			break
		}
		n, err := strconv.ParseUint(s[i+2:i+6], 16, 16)
		if err != nil || s[i+6] != '_' {
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		out.WriteString(s[:i])
		out.WriteRune(rune(n))
		s = s[i+7:]
	}
	return out.String() + s
}
