package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "fieldgen:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, usage io.Writer) error {
	flags := flag.NewFlagSet("fieldgen", flag.ContinueOnError)
	flags.SetOutput(usage)
	in := flags.String("in", "", "the OpenAPI file to read (YAML)")
	out := flags.String("out", "", "the Go file to write")
	path := flags.String("path", "/catalog/products", "the collection's path in the OpenAPI file")
	pkg := flags.String("package", "bigcommerce", "the Go file's package")
	variable := flags.String("var", "productFields", "the variable that holds the catalogue")
	var wanted []table
	flags.Func("table", "write tables of the sandbox instead, one per flag: VARIABLE=METHOD PATH, and :PROPERTY.PROPERTY for what is within the body", func(s string) error {
		t, err := parseTable(s)
		wanted = append(wanted, t)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *in == "" || *out == "" || flags.NArg() > 0 {
		flags.Usage()
		return errors.New("-in and -out are needed, and nothing else")
	}
	raw, err := os.ReadFile(*in)
	if err != nil {
		return err
	}
	doc, err := parse(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", *in, err)
	}
	var source []byte
	if len(wanted) > 0 {
		source, err = renderTables(doc, wanted)
	} else {
		var fields []field
		if fields, err = catalogue(doc, *path); err == nil {
			source, err = render(*pkg, *variable, *path, fields)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", *in, err)
	}
	return os.WriteFile(*out, source, 0o644)
}
