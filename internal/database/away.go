package database

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"

	"sluice/internal/problem"
)

// postgresDialector tells apart a server that is away, which a caller may wait for, from a
// statement that it refused.
type postgresDialector struct{ *postgres.Dialector }

func (d postgresDialector) Translate(err error) error {
	if away(err) {
		return problem.Wrap(err, problem.Unavailable, "Sluice's database does not answer at the moment. Try again in a minute; work that was accepted goes on by itself.")
	}
	return d.Dialector.Translate(err)
}

// away reports whether err says that PostgreSQL was not reached, or went away under the statement.
// Whether a COMMIT that ends so took effect is not known; every step may be repeated.
func away(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "57P01", "57P02", "57P03", "53300": // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections
			return true
		}
		return strings.HasPrefix(refused.Code, "08") // connection_exception
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		pgconn.SafeToRetry(err) // nothing was sent: the connection was closed before
}
