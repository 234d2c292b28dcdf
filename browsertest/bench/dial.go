package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// dialers is how many connections are opened at a time where that is not the question.
const dialers = 128

// dialAll opens n connections, a number of them at a time. The first error ends it
// and is returned: all are opened, or none stays.
func dialAll(ctx context.Context, n, atATime int, dial func(ctx context.Context) (link, error)) ([]link, error) {
	ctx, stop := context.WithTimeout(ctx, 2*patience)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	links := make([]link, n)
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(n, atATime) {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				l, err := dial(ctx)
				if err != nil {
					fail(err)
					return
				}
				links[i] = l
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil {
		closeAll(links)
		return nil, err
	}
	return links, nil
}

func closeAll(links []link) {
	for _, l := range links {
		if l != nil {
			l.close()
		}
	}
}
