// Package values reads what people and their systems write into the cells of a file: numbers,
// units, dates, yes and no, article codes, words for nothing.
//
// Nothing here guesses. A text that can be read in two ways has both as its readings; whoever asks
// knows which is meant (from the rest of the column, or from a person), or does not use it:
//
//	"1.250"   Split ──▶ Amount, whose Readings are 1.25 (decimal point) and 1250 (decimal comma)
//	"3/4/2026" ReadDate ──▶ 4 March (month first) and 3 April (day first)
//
// The package knows no file, no field and no store. All functions are pure, and bound the time they
// take by the length of the text.
package values
