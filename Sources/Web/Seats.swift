import Synchronization

/// How many requests are in hand; beyond the limit the next is told at once to come back, and costs next to nothing.
///
/// One address may hold as many seats as it may have connections: with HTTP/2 a single connection could take them all.
final class Seats: Sendable {
    private let state: Mutex<State>
    private let mostOfOne: Int

    private struct State {
        var free: Int
        var byAddress: [String: Int] = [:]
    }

    /// - Parameters:
    ///   - count: `limits.requests_in_flight`.
    ///   - mostOfOne: `limits.connections_per_address`.
    init(_ count: Int, ofOne mostOfOne: Int) {
        state = Mutex(State(free: count))
        self.mostOfOne = mostOfOne
    }

    /// A seat, given back when nobody holds it any more; nil where none is free.
    func take(_ address: String) -> Seat? {
        let isFree = state.withLock { state in
            guard state.free > 0, state.byAddress[address, default: 0] < mostOfOne else { return false }
            state.free -= 1
            state.byAddress[address, default: 0] += 1
            return true
        }
        return isFree ? Seat(self, address) : nil
    }

    fileprivate func giveBack(_ address: String) {
        state.withLock { state in
            state.free += 1
            let count = state.byAddress[address, default: 1]
            state.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// A request's right to be worked on.
final class Seat: Sendable {
    private let seats: Seats
    private let address: String

    fileprivate init(_ seats: Seats, _ address: String) {
        self.seats = seats
        self.address = address
    }

    deinit { seats.giveBack(address) }
}
