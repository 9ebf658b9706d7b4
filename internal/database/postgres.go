package database

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"sluice/internal/problem"
)

const (
	// postgresConns is the default bound of one process: small enough for the smallest hosted plans
	// (20 connections), with a web and a worker process side by side.
	postgresConns       = 9
	postgresIdleTime    = 5 * time.Minute
	postgresLifetime    = 30 * time.Minute // so that a failover or a rotated password is noticed
	postgresDialTimeout = 10 * time.Second
)

func openPostgres(ctx context.Context, databaseURL string, config *gorm.Config) (*gorm.DB, error) {
	databaseURL, conns, err := poolSize(databaseURL)
	if err != nil {
		return nil, err
	}
	pg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		// pgx masks the password in its message, but not every malformed form of it.
		return nil, problem.New(problem.Invalid, "DATABASE_URL is not a valid PostgreSQL URL: write it as postgres://user:password@host:5432/name")
	}
	if pg.ConnectTimeout == 0 {
		pg.ConnectTimeout = postgresDialTimeout
	}
	if pg.RuntimeParams["application_name"] == "" {
		pg.RuntimeParams["application_name"] = "sluice"
	}
	pg.RuntimeParams["timezone"] = "UTC"
	pool := stdlib.OpenDB(*pg, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{ // read times as UTC, not in the machine's zone
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		// A prepared statement's generic plan, made while a table was small, reads all of it until its
		// statistics are made anew, however large it has grown. Planning with the values costs some 50
		// µs. As a statement: a pooler in between may refuse a parameter.
		_, err := conn.Exec(ctx, "SET plan_cache_mode = force_custom_plan")
		var old *pgconn.PgError
		if errors.As(err, &old) { // before PostgreSQL 12 there is no such setting
			return nil
		}
		return err
	}))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(postgresIdleTime)
	pool.SetConnMaxLifetime(postgresLifetime)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, problem.Wrap(err, problem.Unavailable, "PostgreSQL does not answer at %s: check DATABASE_URL and that the server runs", pg.Host)
	}
	g, err := gorm.Open(postgresDialector{&postgres.Dialector{Config: &postgres.Config{Conn: pool}}}, config)
	if err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return g, nil
}

// poolSize takes pool_max_conns out of a URL: pgx would send it to the server as a setting.
func poolSize(databaseURL string) (string, int, error) {
	u, err := url.Parse(databaseURL)
	if err != nil { // url's error quotes the URL, which may hold a password
		return "", 0, problem.New(problem.Invalid, "DATABASE_URL is not a valid URL: percent-encode special characters in the password")
	}
	q := u.Query()
	text := q.Get("pool_max_conns")
	if text == "" {
		return databaseURL, postgresConns, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 {
		return "", 0, problem.Wrap(errors.New("pool_max_conns"), problem.Invalid, "pool_max_conns in DATABASE_URL must be a number of at least 2")
	}
	q.Del("pool_max_conns")
	u.RawQuery = q.Encode()
	return u.String(), n, nil
}
