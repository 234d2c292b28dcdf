package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/isosocket/isosocket/web"
)

// The demo is a handler like any other.
func ExampleNewDemo() {
	demo, err := web.NewDemo(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/", "/js/", "/socket.io/", "/else"} {
		w := httptest.NewRecorder()
		demo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// / 200
	// /js/ 200
	// /socket.io/ 400
	// /else 404
}
