package source

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	typeXLSX = "xlsx"

	maxSheets     = 200      // of a workbook, that are looked at
	maxStyles     = 65_536   // of cells
	peekedStrings = 16 << 20 // bytes of texts that are read to look at a workbook
)

// sheet is one of a workbook.
type sheet struct {
	name, part string
	hidden     bool
}

// workbook is an Excel file (Office Open XML) whose parts are read one after the other.
type workbook struct {
	file     File
	at       *readerAt
	parts    map[string]*zip.File // by their names, in small letters
	sheets   []sheet
	formats  []numberFormat // of the cells' styles
	date1904 bool
	texts    string // the part with the shared strings, "" for none
}

// isWorkbook reports whether an archive is one. A *problem.Error says which of those it is that
// cannot be read.
func isWorkbook(list []*zip.File) (bool, error) {
	is := false
	for _, m := range list {
		switch name := partName(m.Name); {
		case name == "xl/workbook.bin":
			return false, problem.New(problem.Invalid, "The file is an Excel binary workbook (.xlsb): save it as an Excel workbook (.xlsx).")
		case name == "mimetype" || name == "content.xml":
			return false, problem.New(problem.Invalid, "The file is an OpenDocument sheet: save it as an Excel workbook (.xlsx), or as CSV (UTF-8).")
		case name == "word/document.xml" || name == "ppt/presentation.xml":
			return false, problem.New(problem.Invalid, "The file is no table but a Word or PowerPoint document: give the file of the products.")
		case path.Base(name) == "workbook.xml":
			is = true
		}
	}
	return is, nil
}

// partName is the name of a part of a workbook as it is compared: some programs write \ and /x.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// openWorkbook reads what the sheets of a workbook have in common.
func openWorkbook(f File) (w *workbook, err error) {
	if !f.Complete {
		return nil, problem.New(problem.Unavailable, "The workbook did not come whole. Start the run again when the source is well.")
	}
	w = &workbook{file: f, at: &readerAt{file: f}, parts: make(map[string]*zip.File)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	list, err := members(w.at, f.Size)
	if err != nil {
		return w, err
	}
	for _, m := range list {
		w.parts[partName(m.Name)] = m
	}
	main := "xl/workbook.xml"
	err = w.each("_rels/.rels", func(t xml.StartElement) error {
		if t.Name.Local == "Relationship" && strings.HasSuffix(attr(t, "Type"), "/officeDocument") {
			main = partName(attr(t, "Target"))
		}
		return nil
	})
	if err != nil {
		return w, err
	}
	return w, w.readMain(main)
}

func (w *workbook) readMain(main string) error {
	targets, styles := make(map[string]string), ""
	base := path.Dir(main)
	err := w.each(path.Join(base, "_rels", path.Base(main)+".rels"), func(t xml.StartElement) error {
		if t.Name.Local != "Relationship" {
			return nil
		}
		target := attr(t, "Target")
		part := partName(target)
		if !strings.HasPrefix(target, "/") {
			part = path.Join(base, part)
		}
		switch kind := path.Base(attr(t, "Type")); kind {
		case "worksheet":
			targets[attr(t, "Id")] = part
		case "styles":
			styles = part
		case "sharedStrings":
			w.texts = part
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = w.each(main, func(t xml.StartElement) error {
		switch t.Name.Local {
		case "workbookPr":
			w.date1904 = isTrue(attr(t, "date1904"))
		case "sheet":
			if part := targets[attr(t, "id")]; part != "" && len(w.sheets) < maxSheets && w.parts[part] != nil {
				state := attr(t, "state")
				w.sheets = append(w.sheets, sheet{attr(t, "name"), part, state == "hidden" || state == "veryHidden"})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(w.sheets) == 0 {
		return problem.New(problem.Invalid, "The workbook has no sheet with cells: save it again as an Excel workbook (.xlsx), or as CSV (UTF-8).")
	}
	return w.readStyles(styles)
}

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

// readStyles reads how the numbers of each style are shown.
func (w *workbook) readStyles(part string) error {
	codes, inside := make(map[int]numberFormat), false
	return w.each(part, func(t xml.StartElement) error {
		switch t.Name.Local {
		case "numFmt":
			if id, err := strconv.Atoi(attr(t, "numFmtId")); err == nil && len(codes) < maxStyles {
				codes[id] = formatOfCode(attr(t, "formatCode"))
			}
		case "cellXfs", "cellStyleXfs", "dxfs", "cellStyles":
			inside = t.Name.Local == "cellXfs"
		case "xf":
			if !inside || len(w.formats) == maxStyles {
				return nil
			}
			id, _ := strconv.Atoi(attr(t, "numFmtId"))
			f, ok := codes[id]
			if !ok {
				f = builtinFormat(id)
			}
			w.formats = append(w.formats, f)
		}
		return nil
	})
}

// each calls use with the elements of a part; there are none if the workbook has no such part.
func (w *workbook) each(part string, use func(xml.StartElement) error) error {
	from, err := w.open(part)
	if err != nil || from == nil {
		return err
	}
	defer from.Close()
	for x := newXMLTokens(from); ; {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return inWorkbook(err)
		}
		if start, ok := t.(xml.StartElement); ok {
			if err := use(start); err != nil {
				return err
			}
		}
	}
}

// inWorkbook says of what is wrong with a part that it is the workbook's fault.
func inWorkbook(err error) error {
	if problem.CodeOf(err) == problem.Invalid {
		return problem.Wrap(err, problem.Invalid, "The workbook is damaged: open it in Excel, save it again as .xlsx, and give that. (%s)", problem.MessageOf(err))
	}
	return err
}

// open opens a part, nil if there is none.
func (w *workbook) open(part string) (io.ReadCloser, error) {
	m := w.parts[part]
	if m == nil {
		return nil, nil
	}
	return openMember(w.file, m)
}

func (w *workbook) strings(limit int64) (*sharedStrings, error) {
	from, err := w.open(w.texts)
	if err != nil || from == nil {
		return &sharedStrings{}, err
	}
	defer from.Close()
	s, err := readSharedStrings(from, limit)
	return s, inWorkbook(err)
}

// Close closes the file.
func (w *workbook) Close() error { return w.at.Close() }

// sheetNamed returns the sheet that a format names.
func (w *workbook) sheetNamed(name string) (sheet, error) {
	i := slices.IndexFunc(w.sheets, func(s sheet) bool { return s.name == name })
	if i < 0 {
		var names []string
		for _, s := range w.sheets {
			names = append(names, s.name)
		}
		return sheet{}, problem.New(problem.Invalid, "The workbook has no sheet %.100q any more: it has %s. Choose one of them.", name, listed(names))
	}
	return w.sheets[i], nil
}

// detectWorkbook completes the format of a workbook: the sheet, if only one has rows, and the row of
// its header. Found.Sheets are those with rows.
func detectWorkbook(f File, want tenants.Format) (found Found, err error) {
	if want.Type != "" && want.Type != typeXLSX {
		return Found{}, problem.New(problem.Invalid, "The file is an Excel workbook: choose Excel as its type, or leave the type to be found.")
	}
	w, err := openWorkbook(f)
	if err != nil {
		return Found{}, err
	}
	defer alsoClose(w, &err)
	texts, err := w.strings(peekedStrings)
	if err != nil {
		return Found{}, err
	}
	defer alsoClose(texts, &err)
	found = Found{Format: tenants.Format{Type: typeXLSX, Encoding: encUTF8, Sheet: want.Sheet, HeaderRow: want.HeaderRow}}
	headers := make(map[string]int)
	for _, s := range w.sheets {
		rows, err := w.rows(s, texts)
		if err != nil {
			return Found{}, err
		}
		sample, first, err := sampleCells(rows)
		if err = errors.Join(err, rows.Close()); err != nil {
			return Found{}, err
		}
		if first == 0 {
			continue
		}
		at := headerRow(sample)
		names := sample[max(at, 1)-1]
		if at > 0 {
			if at += int(first) - 1; at > maxHeaderRow || at == 1 {
				at = 0
			}
		}
		headers[s.name] = at
		found.Sheets = append(found.Sheets, choiceOf(s.name, names, s.hidden))
	}
	if want.Sheet != "" {
		if _, err := w.sheetNamed(want.Sheet); err != nil {
			return Found{}, err
		}
	} else if err := found.chooseSheet(); err != nil {
		return Found{}, err
	}
	if found.Format.HeaderRow == 0 {
		found.Format.HeaderRow = headers[found.Format.Sheet]
	}
	return found, nil
}

// chooseSheet takes the sheet that can only be meant, or the first and asks. Hidden ones are meant
// if there is no other.
func (f *Found) chooseSheet() error {
	shown := slices.DeleteFunc(slices.Clone(f.Sheets), func(c Choice) bool { return c.Hidden })
	if len(shown) == 0 {
		shown = f.Sheets
	}
	if len(shown) == 0 {
		return ErrEmpty()
	}
	f.Format.Sheet = shown[0].Name
	if len(shown) > 1 {
		f.Ask = AskSheet
	}
	return nil
}
