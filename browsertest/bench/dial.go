package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// dialers is how many connections are opened at a time where that is not the question.
const dialers = 128

// dialAll opens n connections, a number of them at a time. The first error ends it.
func dialAll(ctx context.Context, n, atATime int, dial func(ctx context.Context) (link, error)) ([]link, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	links := make([]link, n)
	errs := make([]error, min(n, atATime))
	var next atomic.Int64
	var running sync.WaitGroup
	for d := range errs {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				l, err := dial(ctx)
				if err != nil {
					errs[d] = err
					cancel()
					return
				}
				links[i] = l
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
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
