package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/http2/hpack"
)

// The frames of HTTP/2 (RFC 9113) that a gRPC client meets.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8
	frameContinuation = 9

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	flagPadded     = 8
	flagPriority   = 32

	settingInitialWindow = 4
	settingMaxFrame      = 5

	preface        = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	ownWindow      = 1 << 30
	windowTopUp    = 1 << 28
	firstStreamID  = 1
	startingWindow = 65535
)

// wire is one HTTP/2 connection: frames in and out, windows, compressed headers.
type wire struct {
	conn        *net.TCPConn
	in          *bufio.Reader
	out         *bufio.Writer
	decoder     *hpack.Decoder
	fields      []hpack.HeaderField
	encoded     bytes.Buffer
	encoder     *hpack.Encoder
	request     []hpack.HeaderField
	maxFrame    int
	peerInitial int // window that the peer gives each new stream
	sendWindow  int // of the connection
	received    int // bytes of data since the connection's window was topped up
	header      [9]byte
	payload     []byte
	block       []byte // a header block that goes on in CONTINUATION frames
}

func dial(address, method string) (*wire, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	w := &wire{
		conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, 256<<10), out: bufio.NewWriterSize(conn, 256<<10),
		maxFrame: 16384, peerInitial: startingWindow, sendWindow: startingWindow,
	}
	w.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) { w.fields = append(w.fields, f) })
	w.encoder = hpack.NewEncoder(&w.encoded)
	for _, pair := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", address},
		{"content-type", "application/grpc"}, {"te", "trailers"}, {"user-agent", "ratingd-loadgen"},
	} {
		w.request = append(w.request, hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	settings := binary.BigEndian.AppendUint16(nil, settingInitialWindow)
	settings = binary.BigEndian.AppendUint32(settings, ownWindow)
	w.out.WriteString(preface)
	w.frame(frameSettings, 0, 0, settings)
	w.topUp(0, ownWindow-startingWindow)
	return w, w.out.Flush()
}

// frame writes one frame; errors stay with the writer until it is flushed.
func (w *wire) frame(kind, flags byte, stream uint32, payload []byte) {
	n := len(payload)
	w.out.Write([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags,
		byte(stream >> 24), byte(stream >> 16), byte(stream >> 8), byte(stream)})
	w.out.Write(payload)
}

// open begins a call. Its headers are the same for every call, so after the first they are a few table indexes.
func (w *wire) open(stream uint32) {
	w.encoded.Reset()
	for _, field := range w.request {
		w.encoder.WriteField(field)
	}
	w.frame(frameHeaders, flagEndHeaders, stream, w.encoded.Bytes())
}

// data sends one message, split where the peer wants smaller frames. The caller has looked at the windows.
func (w *wire) data(stream uint32, message []byte, last bool) {
	w.sendWindow -= len(message)
	for len(message) > w.maxFrame {
		w.frame(frameData, 0, stream, message[:w.maxFrame])
		message = message[w.maxFrame:]
	}
	var flags byte
	if last {
		flags = flagEndStream
	}
	w.frame(frameData, flags, stream, message)
}

func (w *wire) topUp(stream uint32, by int) {
	w.frame(frameWindowUpdate, 0, stream, binary.BigEndian.AppendUint32(nil, uint32(by)))
}

// read returns the next frame. What was written is sent before it would wait for one.
func (w *wire) read() (kind, flags byte, stream uint32, payload []byte, err error) {
	if w.in.Buffered() < len(w.header) {
		if err = w.out.Flush(); err != nil {
			return
		}
	}
	if _, err = io.ReadFull(w.in, w.header[:]); err != nil {
		return
	}
	n := int(w.header[0])<<16 | int(w.header[1])<<8 | int(w.header[2])
	if cap(w.payload) < n {
		w.payload = make([]byte, n)
	}
	payload = w.payload[:n]
	if _, err = io.ReadFull(w.in, payload); err != nil {
		return
	}
	kind, flags = w.header[3], w.header[4]
	stream = binary.BigEndian.Uint32(w.header[5:]) & 0x7fffffff
	return
}

// housekeeping answers what concerns the connection; window updates of a stream are the caller's.
func (w *wire) housekeeping(kind, flags byte, stream uint32, payload []byte) error {
	switch kind {
	case frameSettings:
		if flags&flagAck == 0 {
			w.settings(payload)
			w.frame(frameSettings, flagAck, 0, nil)
		}
	case framePing:
		if flags&flagAck == 0 {
			w.frame(framePing, flagAck, 0, payload)
		}
	case frameWindowUpdate:
		if stream == 0 {
			w.sendWindow += int(binary.BigEndian.Uint32(payload) & 0x7fffffff)
		}
	case frameGoAway:
		return fmt.Errorf("the server ends the connection: code %d %q", binary.BigEndian.Uint32(payload[4:]), payload[8:])
	}
	return nil
}

func (w *wire) settings(payload []byte) {
	for ; len(payload) >= 6; payload = payload[6:] {
		value := int(binary.BigEndian.Uint32(payload[2:]))
		switch binary.BigEndian.Uint16(payload) {
		case settingInitialWindow:
			w.peerInitial = value
		case settingMaxFrame:
			w.maxFrame = value
		}
	}
}

// headers returns the fields of a finished header block, nil while it goes on.
func (w *wire) headers(kind, flags byte, payload []byte) ([]hpack.HeaderField, error) {
	if kind == frameHeaders {
		payload = unpadded(flags, payload)
		if flags&flagPriority != 0 {
			payload = payload[5:]
		}
		w.block = w.block[:0]
	}
	w.block = append(w.block, payload...)
	if flags&flagEndHeaders == 0 {
		return nil, nil
	}
	w.fields = w.fields[:0]
	if _, err := w.decoder.Write(w.block); err != nil {
		return nil, err
	}
	return w.fields, w.decoder.Close()
}

// took notes data that arrived and keeps the windows wide open.
func (w *wire) took(n int) {
	if w.received += n; w.received >= windowTopUp {
		w.topUp(0, w.received)
		w.received = 0
	}
}

func unpadded(flags byte, payload []byte) []byte {
	if flags&flagPadded == 0 {
		return payload
	}
	return payload[1 : len(payload)-int(payload[0])]
}
