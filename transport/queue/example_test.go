package queue_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/transport/queue"
)

// What is put while the worker is busy reaches it as one batch.
func Example() {
	busy, goOn := make(chan struct{}), make(chan struct{})
	q := queue.New(queue.Limits{MaxItems: 3}, func(batch []string) {
		fmt.Println(batch)
		if batch[0] == "a" {
			close(busy)
			<-goOn
		}
	})
	_ = q.Put("a", 1)
	<-busy
	_ = q.Put("b", 1)
	_ = q.Put("c", 1)
	fmt.Println(q.Put("d", 1))
	close(goOn)
	_ = q.Wait(context.Background())
	// Output:
	// [a]
	// queue: full
	// [b c]
}
