/// Feeds the reader of bounces whatever the fuzzer thinks of. It must not trap, and what it says must keep its promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBounce(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    check(Bounce.read(input))
    for mail in BounceFile.mails(in: input) { check(Bounce.read(mail)) }
    return 0
}

private func check(_ bounce: Bounce) {
    precondition(bounce.addresses.count <= 16 && bounce.messageIDs.count <= 16)
    for address in bounce.addresses {
        precondition(address.utf8.count <= 254 && address.contains("@") && !address.utf8.contains { $0 <= 0x20 || $0 >= 0x7F })
        precondition(address == address.lowercased())
    }
    for id in bounce.messageIDs {
        precondition(id.utf8.count <= 250 && !id.utf8.contains { $0 <= 0x20 || $0 == 0x3C || $0 == 0x3E || $0 >= 0x7F })
    }
    precondition(bounce.text.count <= 200 && !bounce.text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
    precondition(bounce.code == 0 || (200...599).contains(bounce.code))
    precondition(bounce.status.utf8.count <= 9)
}
