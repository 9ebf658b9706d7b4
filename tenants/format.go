package tenants

// Format says how to read a source. Zero values mean: detect.
type Format struct {
	Type      string `json:"type,omitempty"`      // "csv", "ndjson", "json", "xml" or "xlsx"
	Encoding  string `json:"encoding,omitempty"`  // "utf-8", "latin-1" … (jobs/source)
	Delimiter string `json:"delimiter,omitempty"` // of CSV, one to three characters
	// HeaderRow is the row of a table with the names of the columns, counted as a spreadsheet does;
	// 0 is 1 unless another is found, -1 a file without them.
	HeaderRow int    `json:"header_row,omitempty"`
	Sheet     string `json:"sheet,omitempty"`   // of a workbook: the name of the sheet
	Path      string `json:"path,omitempty"`    // where the records are; JSON: data.products, "" is the document; XML: rss/channel/item
	Archive   string `json:"archive,omitempty"` // what the file is packed in, "gzip" or "zip"
	Member    string `json:"member,omitempty"`  // of a zip: the file in it
}
