package source

import (
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	archiveGzip = "gzip"
	archiveZip  = "zip"

	// A file that unpacks to more than bombRatio times its size after bombFree bytes is no table: CSV
	// shrinks to a tenth, the worst honest ones to a hundredth, a bomb to a thousandth.
	bombRatio = 400
	bombFree  = 16 << 20

	maxMembers   = 10_000   // files in an archive
	shownMembers = 10       // that people are told of
	unpackedPart = 64 << 20 // of an archive's file is unpacked to look at it
)

// archiveOf tells an archive by its beginning, "" for none.
func archiveOf(head []byte) string {
	switch {
	case strings.HasPrefix(string(head), "\x1f\x8b"):
		return archiveGzip
	case strings.HasPrefix(string(head), "PK\x03\x04"):
		return archiveZip
	}
	return ""
}

// memberOf returns the name of the file in a zip archive that is meant: want, or the only one that
// may be a table.
func memberOf(f File, want string) (string, error) {
	members, err := members(f)
	if err != nil {
		return "", err
	}
	var files, tables []string
	for _, m := range members {
		if m.Name == want && want != "" {
			return want, nil
		}
		base := path.Base(m.Name)
		switch {
		case m.Name == "xl/workbook.xml":
			return "", problem.New(problem.Invalid, "The file is an Excel workbook: save it as CSV (UTF-8).")
		case m.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(m.Name, "__MACOSX/"):
			continue
		}
		files = append(files, m.Name)
		if slices.Contains([]string{".csv", ".tsv", ".tab", ".txt", ".json", ".ndjson", ".jsonl"}, strings.ToLower(path.Ext(base))) {
			tables = append(tables, m.Name)
		}
	}
	switch {
	case want != "":
		return "", problem.New(problem.Invalid, "The archive has no file %.100q any more: it has %s.", want, listed(files))
	case len(files) == 1:
		return files[0], nil
	case len(tables) == 1:
		return tables[0], nil
	case len(files) == 0:
		return "", problem.New(problem.Invalid, "The archive is empty: pack the product file into it, or give the file itself.")
	}
	return "", problem.New(problem.Invalid, "The archive has several files: say which one to read, or pack only that. It has %s.", listed(files))
}

func listed(names []string) string {
	if len(names) <= shownMembers {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shownMembers], ", "), len(names)-shownMembers)
}

func members(f File) ([]*zip.File, error) {
	z, err := zip.NewReader(&readerAt{file: f}, f.Size)
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "The archive is damaged: pack it again, or give the file itself.")
	}
	if len(z.File) > maxMembers {
		return nil, problem.New(problem.TooLarge, "The archive has more than %d files: pack only the product file.", maxMembers)
	}
	return z.File, nil
}

// unpack opens the bytes of the table that a file holds: its own, or those of what is packed in it.
func unpack(f File, format tenants.Format) (io.ReadCloser, error) {
	if format.Archive == "" {
		return f.Open(0)
	}
	if !f.Complete {
		return nil, problem.New(problem.Unavailable, "The archive did not come whole. Start the run again when the source is well.")
	}
	if format.Archive == archiveGzip {
		src, err := f.Open(0)
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, errors.Join(damaged(err), src.Close())
		}
		return &bounded{from: z, closer: src, left: unpackedMost(f.Size)}, nil
	}
	list, err := members(f)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.Name != format.Member {
			continue
		}
		if m.Flags&1 != 0 {
			return nil, problem.New(problem.Invalid, "The archive is locked with a password: pack it without one.")
		}
		src, err := m.Open()
		if err != nil {
			return nil, damaged(err)
		}
		return &bounded{from: src, closer: src, left: unpackedMost(min(f.Size, int64(min(m.CompressedSize64, 1<<62))))}, nil
	}
	return nil, problem.New(problem.Invalid, "The archive has no file %.100q any more.", format.Member)
}

func unpackedMost(packed int64) int64 { return max(bombFree, bombRatio*packed) }

func damaged(err error) error {
	if errors.Is(err, zip.ErrAlgorithm) {
		return problem.Wrap(err, problem.Invalid, "The archive is packed in a way that Sluice does not know: pack it as an ordinary zip.")
	}
	return problem.Wrap(err, problem.Invalid, "The archive is damaged: pack it again, or give the file itself.")
}

// bounded reads what is packed and refuses what unpacks to far too much.
type bounded struct {
	from   io.Reader
	closer io.Closer
	left   int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, problem.New(problem.TooLarge, "The archive unpacks to more than %d times its size: that is no product file. Give the file itself.", bombRatio)
	}
	if err != nil && !errors.Is(err, io.EOF) && isDamage(err) {
		err = damaged(err)
	}
	return n, err
}

func (b *bounded) Close() error { return b.closer.Close() }

// isDamage tells an error of unpacking from one of reading the snapshot.
func isDamage(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || strings.HasPrefix(err.Error(), "flate:")
}

// readerAt reads a file at any offset. It goes on where it was as long as nobody jumps.
type readerAt struct {
	file File
	at   int64
	from io.ReadCloser
}

func (r *readerAt) ReadAt(p []byte, offset int64) (int, error) {
	if r.from == nil || offset != r.at {
		if r.from != nil {
			if err := r.from.Close(); err != nil {
				return 0, err
			}
		}
		from, err := r.file.Open(offset)
		if err != nil {
			return 0, err
		}
		r.from, r.at = from, offset
	}
	n, err := io.ReadFull(r.from, p)
	r.at += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// lookInside reads the beginning of what is packed in a file, and a part from further on.
func lookInside(f File, format tenants.Format) (head, more []byte, err error) {
	r, err := unpack(f, format)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	if head, err = io.ReadAll(io.LimitReader(r, DetectBytes)); err != nil {
		return nil, nil, err
	}
	buf := make([]byte, partBytes)
	for read := int64(0); read < unpackedPart; {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			from := slices.Index(buf[:n], '\n')
			more = append(more[:0], buf[max(0, from):n]...)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		read += int64(n)
	}
	return head, more, nil
}
