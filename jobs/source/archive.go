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
	maxDirectory = 16 << 20 // bytes of an archive's list of files
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

// chooseMember takes the file in a zip archive that is meant: that of want, or the only one that may
// be a table. If there are several it takes the first and asks.
func (f *Found) chooseMember(list []*zip.File, want string) error {
	var files, tables []Choice
	for _, m := range list {
		if m.Name == want && want != "" {
			f.Format.Member = want
		}
		base := path.Base(m.Name)
		if m.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		files = append(files, Choice{Name: m.Name})
		if slices.Contains(tableNames, strings.ToLower(path.Ext(base))) {
			tables = append(tables, Choice{Name: m.Name})
		}
	}
	if len(tables) > 0 {
		files = tables
	}
	f.Members = files[:min(len(files), maxChoices)]
	switch {
	case f.Format.Member != "":
		return nil
	case want != "":
		return problem.New(problem.Invalid, "The archive has no file %.100q any more: it has %s. Choose one of them.", want, listed(namesOf(files)))
	case len(files) == 0:
		return problem.New(problem.Invalid, "The archive is empty: pack the product file into it, or give the file itself.")
	case len(files) > 1:
		f.Ask = AskMember
	}
	f.Format.Member = files[0].Name
	return nil
}

// tableNames are how the names of files end that may be tables.
var tableNames = []string{".csv", ".tsv", ".tab", ".txt", ".json", ".ndjson", ".jsonl", ".xml", ".rss", ".atom"}

func listed(names []string) string {
	if len(names) <= shownMembers {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shownMembers], ", "), len(names)-shownMembers)
}

// members lists the files in a zip archive.
func members(at *readerAt, size int64) ([]*zip.File, error) {
	at.left = maxDirectory
	z, err := zip.NewReader(at, size)
	at.left = 1 << 62
	if err != nil {
		if problem.CodeOf(err) == problem.TooLarge {
			return nil, err
		}
		return nil, problem.Wrap(err, problem.Invalid, "The archive is damaged: pack it again, or give the file itself.")
	}
	if len(z.File) > maxMembers {
		return nil, errManyMembers()
	}
	return z.File, nil
}

func errManyMembers() error {
	return problem.New(problem.TooLarge, "The archive has more than %d files, or very long names: pack only the product file.", maxMembers)
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
	at := &readerAt{file: f}
	list, err := members(at, f.Size)
	if err != nil {
		return nil, errors.Join(err, at.Close())
	}
	i := slices.IndexFunc(list, func(m *zip.File) bool { return m.Name == format.Member })
	if i < 0 {
		return nil, errors.Join(problem.New(problem.Invalid, "The archive has no file %.100q any more.", format.Member), at.Close())
	}
	src, err := openMember(f, list[i])
	if err != nil {
		return nil, errors.Join(err, at.Close())
	}
	src.after = at
	return src, nil
}

// openMember opens a file in a zip archive.
func openMember(f File, m *zip.File) (*bounded, error) {
	if m.Flags&1 != 0 {
		return nil, problem.New(problem.Invalid, "The archive is locked with a password: pack it without one.")
	}
	src, err := m.Open()
	if err != nil {
		return nil, damaged(err)
	}
	return &bounded{from: src, closer: src, left: unpackedMost(min(f.Size, int64(min(m.CompressedSize64, 1<<62))))}, nil
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
	after  io.Closer // closed last, nil for nothing
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

// Close closes what is unpacked.
func (b *bounded) Close() error {
	err := b.closer.Close()
	if b.after != nil {
		err = errors.Join(err, b.after.Close())
	}
	return err
}

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
	left int64 // bytes that may still be read
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
	if r.left -= int64(len(p)); r.left < 0 {
		return 0, errManyMembers()
	}
	n, err := io.ReadFull(r.from, p)
	r.at += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Close closes the file.
func (r *readerAt) Close() error {
	if r.from == nil {
		return nil
	}
	return r.from.Close()
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
