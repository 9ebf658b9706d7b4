package source

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"

	"sluice/internal/problem"
)

const (
	maxSharedText  = 2 << 30    // bytes of a workbook's different texts
	maxSharedCount = 64_000_000 // of them
	sharedInMemory = 24 << 20   // bytes of them and of where they are; more go to the disk
	sharedPage     = 32 << 10   // of the disk that is read at once
	sharedPages    = 128        // that are remembered
)

// sharedStrings are the texts of a workbook, which its cells name by number. They are kept in memory
// as long as they are few, then in a temporary file.
type sharedStrings struct {
	text, ends spill // the texts without a gap, and where each ends in 8 bytes
	count      int64
	cut        bool // only the first were read
}

// readSharedStrings reads the texts of a part of a workbook; none if there is no such part. It stops
// after limit bytes of text, 0 for no limit.
func readSharedStrings(from io.Reader, limit int64) (s *sharedStrings, err error) {
	s = &sharedStrings{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if from == nil {
		return s, nil
	}
	x := newXMLTokens(from)
	var text []byte
	for {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "si" {
			continue
		}
		if text, err = richText(x, text[:0]); err != nil {
			return s, err
		}
		if err := s.add(text); err != nil {
			return s, err
		}
		if limit > 0 && s.text.size > limit {
			s.cut = true
			return s, nil
		}
	}
}

// richText appends the text of the element that began last, which may be in several pieces. How it
// is spoken is no part of it. Beyond MaxRowBytes it is cut.
func richText(x *xmlTokens, to []byte) ([]byte, error) {
	for depth := len(x.open); len(x.open) >= depth; {
		t, err := x.next()
		if err != nil {
			return to, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				if err := x.skip(); err != nil {
					return to, err
				}
			}
		case xml.CharData:
			if x.open[len(x.open)-1].Local == "t" && len(to) <= MaxRowBytes {
				to = append(to, t...)
			}
		}
	}
	return to, nil
}

func (s *sharedStrings) add(text []byte) error {
	if s.count == maxSharedCount || s.text.size+int64(len(text)) > maxSharedText {
		return problem.New(problem.TooLarge, "The workbook holds more than %d GiB of different texts: save the sheet as CSV (UTF-8).", maxSharedText>>30)
	}
	if err := s.text.write(text); err != nil {
		return err
	}
	var end [8]byte
	binary.LittleEndian.PutUint64(end[:], uint64(s.text.size))
	s.count++
	return s.ends.write(end[:])
}

// get returns a text by its number; ok is false if there is none.
func (s *sharedStrings) get(i int64) (text []byte, ok bool, err error) {
	if i < 0 || i >= s.count {
		return nil, false, nil
	}
	var bounds [16]byte
	part := bounds[8:]
	if i > 0 {
		part = bounds[:]
	}
	if err := s.ends.read(part, max(0, 8*(i-1))); err != nil {
		return nil, false, err
	}
	from, to := binary.LittleEndian.Uint64(bounds[:8]), binary.LittleEndian.Uint64(bounds[8:])
	text = make([]byte, to-from)
	return text, true, s.text.read(text, int64(from))
}

// Close deletes what is on the disk.
func (s *sharedStrings) Close() error { return errors.Join(s.text.Close(), s.ends.Close()) }

// spill is bytes that are written once and then read anywhere: the first in memory, all on the disk
// once they are too many for it.
type spill struct {
	size  int64
	mem   []byte
	file  *os.File
	pages map[int64][]byte
	queue []int64 // of the pages, the oldest first
}

func (s *spill) write(b []byte) error {
	s.size += int64(len(b))
	s.mem = append(s.mem, b...)
	if s.file == nil && len(s.mem) <= sharedInMemory/2 || len(s.mem) < sharedPage {
		return nil
	}
	return s.flush()
}

func (s *spill) flush() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "sluice-texts-"); err != nil {
			return fmt.Errorf("source: keep the texts of a workbook: %w", err)
		}
		s.pages = make(map[int64][]byte)
	}
	if _, err := s.file.Write(s.mem); err != nil {
		return fmt.Errorf("source: keep the texts of a workbook: %w", err)
	}
	if cap(s.mem) > 4*sharedPage {
		s.mem = nil
	}
	s.mem = s.mem[:0]
	return nil
}

func (s *spill) read(b []byte, offset int64) error {
	if s.file == nil {
		copy(b, s.mem[offset:])
		return nil
	}
	if len(s.mem) > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	for len(b) > 0 {
		page, err := s.page(offset / sharedPage)
		if err != nil {
			return err
		}
		n := copy(b, page[offset%sharedPage:])
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		b, offset = b[n:], offset+int64(n)
	}
	return nil
}

func (s *spill) page(n int64) ([]byte, error) {
	if page, ok := s.pages[n]; ok {
		return page, nil
	}
	var page []byte
	if len(s.queue) == sharedPages {
		page = s.pages[s.queue[0]]
		delete(s.pages, s.queue[0])
		s.queue = append(s.queue[:0], s.queue[1:]...)
	} else {
		page = make([]byte, sharedPage)
	}
	got, err := s.file.ReadAt(page[:sharedPage], n*sharedPage)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("source: read the texts of a workbook: %w", err)
	}
	s.pages[n], s.queue = page[:got], append(s.queue, n)
	return page[:got], nil
}

func (s *spill) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
