package sandbox

import "net/http"

func (s *Sandbox) panelHandler() http.Handler { return http.NotFoundHandler() }
