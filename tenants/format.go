package tenants

// Format says how to read a source. Zero values mean: detect.
type Format struct {
	Type      string `json:"type,omitempty"`      // "csv", "ndjson" or "json"
	Encoding  string `json:"encoding,omitempty"`  // "utf-8", "latin-1" … (jobs/source)
	Delimiter string `json:"delimiter,omitempty"` // of CSV, one character
	// HeaderRow is the row of a CSV with the names of the columns, counted as a spreadsheet does;
	// 0 is 1 unless another is found, -1 a file without them.
	HeaderRow int    `json:"header_row,omitempty"`
	Path      string `json:"path,omitempty"`    // of JSON: where the records are, data.products; "" is the document
	Archive   string `json:"archive,omitempty"` // what the file is packed in, "gzip" or "zip"
	Member    string `json:"member,omitempty"`  // of a zip: the file in it
}
