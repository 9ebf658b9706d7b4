// Package spreadsheet makes text of strangers safe to open in a spreadsheet. Every CSV file that
// people download has each cell go through Text; the package writes no files and knows nothing of
// what is in them.
package spreadsheet
