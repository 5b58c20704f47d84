// A gRPC load generator that costs little enough not to be what is measured.
//
// It sends requests that were serialised before, each with a new key written over a marker, and keeps a fixed number of
// them outstanding: whenever an answer arrives, the next request goes out. One goroutine serves one connection and
// writes what it owes when nothing more waits to be read, so that a busy connection sends many requests in one write.
// It speaks just enough HTTP/2 for that; a general client costs several times as much for each call.
//
// It prints `window` when warm-up is over and one JSON object at the end. Both count and time are bounded, and it
// talks to loopback only.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

type options struct {
	address     string
	method      string
	mode        string
	requests    string
	prefix      string
	connections int
	outstanding int
	count       int
	accounts    int
	pick        string
	exponent    float64
	rate        float64
	warmup      time.Duration
	seconds     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.address, "address", "", "HOST:PORT, loopback")
	flag.StringVar(&o.method, "method", "", "/package.Service/Method")
	flag.StringVar(&o.mode, "mode", "unary", "unary, batch, stream or events")
	flag.StringVar(&o.requests, "requests", "", "file of serialised requests, base64, one a line")
	flag.StringVar(&o.prefix, "prefix", "", "four characters that begin every key of this run")
	flag.IntVar(&o.connections, "connections", 4, "connections")
	flag.IntVar(&o.outstanding, "outstanding", 64, "requests in flight, over all connections")
	flag.IntVar(&o.count, "count", 1_000_000, "send at most so many requests")
	flag.IntVar(&o.accounts, "accounts", 1, "accounts to choose from, for requests with a marker for one")
	flag.StringVar(&o.pick, "pick", "turn", "how accounts are chosen: turn, uniform or zipf")
	flag.Float64Var(&o.exponent, "exponent", 1.1, "of zipf")
	flag.Float64Var(&o.rate, "rate", 0, "requests or messages a second, over all connections; 0 sends as fast as they are answered")
	flag.DurationVar(&o.warmup, "warmup", time.Second, "time before measuring")
	flag.DurationVar(&o.seconds, "time", 5*time.Second, "time of measuring")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if err := check(o); err != nil {
		return err
	}
	plan, err := readTemplates(o.requests, o.prefix)
	if err != nil {
		return err
	}
	begin := time.Now().Add(o.warmup)
	watch := &stopwatch{begin: begin, end: begin.Add(o.seconds)}
	loads := make([]*load, o.connections)
	failures := make([]error, o.connections)
	var finished sync.WaitGroup
	for i := range loads {
		pick, err := newPicker(o, i)
		if err != nil {
			return err
		}
		loads[i] = newLoad(o, plan, pick, watch, share(o.outstanding, i, o.connections), share(o.count, i, o.connections))
		finished.Add(1)
		go func(i int) {
			defer finished.Done()
			failures[i] = loads[i].run()
		}(i)
	}
	time.Sleep(time.Until(watch.begin))
	before := cpuTime()
	fmt.Println("window")
	time.Sleep(time.Until(watch.end))
	cpu := cpuTime() - before
	fmt.Println("closed")
	finished.Wait()
	return json.NewEncoder(os.Stdout).Encode(newReport(o, loads, failures, cpu))
}

func check(o options) error {
	host, _, err := net.SplitHostPort(o.address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", o.address)
	}
	if o.connections < 1 || o.outstanding < o.connections || len(o.prefix) != prefixLength {
		return fmt.Errorf("one request in flight for each connection, and a prefix of %d characters, are needed", prefixLength)
	}
	if o.accounts < 1 || o.accounts > 100_000_000 {
		return fmt.Errorf("between 1 and 100,000,000 accounts are needed, not %d", o.accounts)
	}
	if o.rate < 0 || o.rate > 10_000_000 {
		return fmt.Errorf("a rate lies between 0 and 10,000,000, not %v", o.rate)
	}
	if o.warmup+o.seconds > 10*time.Minute {
		return fmt.Errorf("a run takes at most ten minutes")
	}
	return nil
}

func share(total, part, parts int) int {
	n := total / parts
	if part < total%parts {
		n++
	}
	return n
}
