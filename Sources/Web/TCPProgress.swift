import NIOCore

/// The beginning of Linux's `struct tcp_info` (linux/tcp.h), as far as it is needed; glibc's own stops before what we ask for.
struct TCPProgress: Sendable {
    // Eight fields of a byte each, the last of them flags: state, congestion, retransmits, probes, backoff, options, scales.
    private var states: UInt64 = 0
    // rto, ato, snd_mss, rcv_mss
    private var timing: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    // unacked, sacked, lost, retrans, fackets; last data sent, ack sent, data received, ack received
    private var segments: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)
    private var lasts: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    // pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering; rcv_rtt, rcv_space, total_retrans
    private var path: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    private var more: (UInt32, UInt32, UInt32) = (0, 0, 0)
    private var pacing: (UInt64, UInt64) = (0, 0)
    /// Bytes that the other side has acknowledged since the connection began.
    var bytesAcknowledged: UInt64 = 0
    private var bytesReceived: UInt64 = 0
    // segs_out, segs_in
    private var counts: (UInt32, UInt32) = (0, 0)
    /// Bytes that wait in the kernel to be sent.
    private var unsentBytes: UInt32 = 0
    // min_rtt, data_segs_in, data_segs_out
    private var rates: (UInt32, UInt32, UInt32) = (0, 0, 0)
    // delivery_rate, busy_time, rwnd_limited, sndbuf_limited
    private var limits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    // delivered, delivered_ce
    private var delivered: (UInt32, UInt32) = (0, 0)
    /// Bytes that were sent, those sent again included (since Linux 4.19).
    private var bytesSent: UInt64 = 0
    private var bytesSentAgain: UInt64 = 0

    /// Bytes that we have given the kernel since the connection began.
    var bytesHandedOver: UInt64 { bytesThatLeft &+ UInt64(unsentBytes) }

    /// Those of them that have left.
    var bytesThatLeft: UInt64 { bytesSent &- bytesSentAgain }

    /// Asks the kernel; nil where the channel is no TCP connection, or is over. To be called on the channel's event loop, which it answers on.
    static func of(_ channel: any Channel, _ answer: @escaping (TCPProgress?) -> Void) {
        guard let socket = channel as? any SocketOptionProvider else { return answer(nil) }
        let question: EventLoopFuture<TCPProgress> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
        question.assumeIsolated().whenComplete { answer(try? $0.get()) }
    }
}
