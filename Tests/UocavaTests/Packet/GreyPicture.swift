/// A picture as pdftoppm writes it with `-gray`: one byte a dot, row by row from the top.
struct GreyPicture {
    let width: Int
    let height: Int
    let dots: [UInt8]

    /// `P5 width height 255`, one byte of white space, and the dots.
    init(pgm: [UInt8]) throws {
        var numbers: [Int] = []
        var index = 2
        while numbers.count < 3, index < pgm.count {
            var digits = ""
            while index < pgm.count, (48...57).contains(pgm[index]) {
                digits.unicodeScalars.append(Unicode.Scalar(pgm[index]))
                index += 1
            }
            if let number = Int(digits) { numbers.append(number) }
            index += 1
        }
        guard pgm.starts(with: Array("P5".utf8)), numbers.count == 3, pgm.count == index + numbers[0] * numbers[1] else {
            throw WritingFolder.Failure(text: "pdftoppm wrote no grey picture")
        }
        (width, height) = (numbers[0], numbers[1])
        dots = Array(pgm[index...])
    }
}
