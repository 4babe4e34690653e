from ikelab.conformance import *

SHA256 = 5  # PRF_HMAC_SHA2_256, which every proposal of the lab's default has
BITS = 9
COOKIE = N("COOKIE", bytes(range(24)))


def puzzle(bits, algorithm=SHA256):
    return N("PUZZLE", algorithm.to_bytes(2, "big") + bytes([bits]))


def solves(payload, string, bits):
    """Whether these are four different keys, of one size that the PRF prefers at most, that are good enough for S."""
    keys = payload.keys
    return (len(set(keys)) == 4 and 1 <= len(keys[0]) <= 32
            and all(zero_bits(prf("PRF_HMAC_SHA2_256", key, string)) >= bits for key in keys))


@needs("puzzles")
@each("length", 8, 24, 64)
@requirement("RFC8019-7.1.2-03", "RFC8019-7.1.3-01", "RFC8019-8.1-04", "RFC8019-8.2-01", "RFC8019-8.2-02", "RFC8019-8.2-04",
             "RFC8019-6-05", "RFC8019-6-07")
def test_a_puzzle_is_solved(initiator, length):
    """COOKIE and PUZZLE are answered by the COOKIE first and a PS payload that solves it; all else as it was. RFC 8019 7.1"""
    sa = initiator.call()
    first, cookie = sa.init_request, N("COOKIE", bytes(range(length)))
    sa.answer(first, cookie, puzzle(BITS), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    assert again.payloads[0] == cookie and solves(again.first(PayloadType.PS), cookie.data, BITS)
    assert [one for one in again.payloads[1:] if one.kind != PayloadType.PS] == first.payloads


@needs("puzzles")
@requirement("RFC8019-7.1.2-03")
def test_another_puzzle_is_solved_too(initiator):
    """With another cookie comes another puzzle, harder by a bit: it is solved anew. RFC 8019 7.1.5"""
    sa = initiator.call()
    for number in range(3):
        cookie = N("COOKIE", bytes([number]) * 16)
        sa.answer(sa.init_request, cookie, puzzle(BITS + number), spi_r=bytes(8))
        again = sa.expect_request(IKE_SA_INIT)
        assert again.payloads[0] == cookie and solves(again.first(PayloadType.PS), cookie.data, BITS + number)


@needs("puzzles")
@requirement("RFC8019-7.1.2-02")
def test_a_puzzle_without_a_cookie_is_ignored(initiator):
    """PUZZLE alone says nothing: the request is repeated as it was, and an answer that makes an IKE SA is taken. RFC 8019
    7.1.2"""
    sa = initiator.call()
    first = sa.init_request
    sa.answer(first, puzzle(BITS), spi_r=bytes(8))
    assert sa.expect_copy(first).octets == first.octets
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC8019-7.1.2-01", "RFC8019-9-01")
def test_a_puzzle_that_is_too_hard_is_a_cookie(initiator):
    """255 zero bits are more than anybody will look for: the cookie is returned without a solution. RFC 8019 7.1.2, 9"""
    sa = initiator.call()
    first = sa.init_request
    sa.answer(first, COOKIE, puzzle(255), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    assert again.payloads[0] == COOKIE and again.payloads[1:] == first.payloads


@needs("puzzles")
@requirement("RFC8019-7.2.2-01", "RFC8019-7.2.2-02", "RFC8019-8.1-04")
def test_a_puzzle_before_ike_auth_is_solved(initiator):
    """PUZZLE in the response that makes the IKE SA: IKE_AUTH has PS in the open before SK, solved for Nr | SPIr. RFC 8019
    7.2.2"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), puzzle(BITS))
    request = sa.expect_request(IKE_AUTH)
    assert [one.kind for one in request.outer] == [PayloadType.PS, PayloadType.SK]
    assert solves(request.outer[0], sa.nr + sa.spi_r, BITS)
    assert [one.kind for one in request.payloads].count(PayloadType.PS) == 1
    sa.accept_auth(request)
    sa.liveness()


@needs("puzzles", "fragmentation", "fragment-size")
@configuration(fragment_size=576, certificate={"key": "rsa2048"})
@requirement("RFC8019-7.2.2-03")
def test_the_first_fragment_alone_has_the_solution(initiator):
    """IKE_AUTH in fragments: PS stands before SKF in the first of them, and in no other. RFC 8019 7.2.2"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), puzzle(BITS))
    request = sa.expect_request(IKE_AUTH)
    assert len(request.pieces) > 1 and solves(request.pieces[0].outer[0], sa.nr + sa.spi_r, BITS)
    assert all([one.kind for one in piece.outer] == [PayloadType.SKF] for piece in request.pieces[1:])
    sa.accept_auth(request)
    sa.liveness()


@needs("cookie-always")
@configuration(cookie_threshold=0)
@requirement("RFC8019-7.1.4-04")
def test_a_solution_that_nobody_asked_for_is_ignored(responder):
    """Only a COOKIE was asked for: a PS payload beside it changes nothing. RFC 8019 7.1.4"""
    sa = responder.ike_sa()
    asked = sa.expect_response(sa.send_init())
    cookie = asked.notified("COOKIE")
    assert "PUZZLE" not in asked.notifies()
    sa.take_init(sa.expect_response(sa.send_init(cookie, *sa.init_payloads(), Raw(PayloadType.PS, b"four keys of no use!"))))
    sa.auth()


PUZZLES = configuration(puzzles=BITS)


def asked(responder):
    """An IKE SA of ours that was answered with COOKIE and PUZZLE; the two."""
    sa = responder.ike_sa()
    answer = sa.expect_response(sa.send_init())
    return sa, answer.notified("COOKIE"), answer.notified("PUZZLE")


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-4.4-01", "RFC8019-7.1.1-01", "RFC8019-7.1.1.2-01", "RFC8019-8.1-01", "RFC8019-8.1-02", "RFC8019-8.1-03")
def test_a_puzzle_comes_with_its_cookie(responder):
    """COOKIE and PUZZLE, which is of a PRF that we have proposed, of 0 or 9 bits at least, and of no protocol. RFC 8019 7.1.1"""
    sa, _, given = asked(responder)
    assert (given.protocol, given.spi, given.notify_type, len(given.data)) == (0, b"", 16434, 3)
    assert given.data[2] == 0 or given.data[2] >= 9
    proposed = [one.number for offer in sa.sent_init.payloads[0].proposals for one in offer.transforms
                if one.kind == TransformType.PRF]
    assert int.from_bytes(given.data[:2], "big") in proposed


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-7.1.1.2-02")
def test_without_a_prf_in_common_there_is_no_puzzle(responder):
    """NO_PROPOSAL_CHOSEN, for it would fail anyway. RFC 8019 7.1.1.2"""
    sa = responder.ike_sa()
    offer = sa.init_payloads()
    strange = [Transform(TransformType.ENCR, 20), Transform(TransformType.PRF, 65000), Transform(TransformType.KE, 31)]
    answer = sa.expect_response(sa.send_init(*replaced(offer, SA(Proposal(1, 1, b"", strange)))))
    answer.notified("NO_PROPOSAL_CHOSEN")
    assert "PUZZLE" not in answer.notifies()


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-7.1.5-01")
@each("size", 2, 4, 32)
def test_a_solution_is_accepted(responder, size):
    """Four keys of any one size that are good enough: an IKE SA. RFC 8019 7.1.4, 8.2"""
    sa, cookie, given = asked(responder)
    sent = sa.send_init(cookie, puzzle_solution(given, cookie.data, size), *sa.init_payloads())
    sa.take_init(sa.expect_response(sent))
    sa.auth().ping()


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-7.1-02", "RFC8019-7.1.4-01")
def test_without_a_cookie_nobody_is_served(responder):
    """A PS payload without its COOKIE is no repeated request: each time a puzzle is given. RFC 8019 7.1, 7.1.4"""
    sa, cookie, given = asked(responder)
    solved = puzzle_solution(given, cookie.data)
    for _ in range(4):
        answer = sa.expect_response(sa.send_init(*sa.init_payloads(), solved))
        answer.notified("PUZZLE")
        assert answer.first(PayloadType.SA) is None


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-7.1.1.3-02", "RFC8019-7.1.4-02", "RFC8019-7.1.4-03")
def test_a_changed_cookie_is_none(responder):
    """One bit is another anywhere in the cookie: a puzzle is given anew, even to who has solved that one. RFC 8019 7.1.1.3"""
    sa, cookie, given = asked(responder)
    for at in range(len(cookie.data)):
        changed = bytearray(cookie.data)
        changed[at] ^= 1
        wrong = N("COOKIE", bytes(changed))
        solved = puzzle_solution(given, wrong.data) if at % 8 == 0 else puzzle_solution(given, cookie.data)
        answer = sa.expect_response(sa.send_init(wrong, solved, *sa.init_payloads()))
        answer.notified("COOKIE")
        assert answer.first(PayloadType.SA) is None


def half_open(responder):
    """There are two half-open IKE SAs of our address: without a solution nobody is served from there."""
    responder.initialised()
    responder.initialised()


@needs("puzzles")
@PUZZLES
@each("wrong", "none", "one key", "all keys", "two alike", "of another cookie")
@requirement("RFC8019-7.1.4-05", "RFC8019-7.1.4-06")
def test_a_wrong_solution_is_none(responder, wrong):
    """Each of the four keys is looked at, wherever the bad one stands: a puzzle is given anew. RFC 8019 7.1.4"""
    half_open(responder)
    sa, cookie, given = asked(responder)
    right = puzzle_solution(given, cookie.data).body
    bodies = {"one key": [right[:at] + b"bad!" + right[at + 4:] for at in range(0, 16, 4)], "all keys": [b"four keys of no "],
              "two alike": [right[:4] + right[:12]], "of another cookie": [puzzle_solution(given, b"another one").body]}
    for body in bodies.get(wrong, [None]):
        solution = [Raw(PayloadType.PS, body)] if body else []
        answer = sa.expect_response(sa.send_init(cookie, *solution, *sa.init_payloads()))
        answer.notified("PUZZLE")
        assert answer.first(PayloadType.SA) is None
    sa.take_init(sa.expect_response(sa.send_init(cookie, Raw(PayloadType.PS, right), *sa.init_payloads())))


@needs("puzzles")
@configuration(puzzles=0)
@requirement("RFC8019-7.1.4-05", "RFC8019-7.1.4-06", "RFC8019-7.1.5-01")
def test_a_solution_of_our_own_choice_is_looked_at_too(responder):
    """Where 0 bits leave it to us how hard we work, four keys that have cost nothing, or are not four, are no solution; with
    work in each they are. RFC 8019 7.1.1.1, 7.1.4"""
    half_open(responder)
    sa, cookie, given = asked(responder)
    if given.data[2] != 0:
        raise NotReady(f"{given.data[2]} bits were asked for")
    right = puzzle_solution(given, cookie.data).body
    for body in (b"four keys of no ", right[:12] + b"bad!", right[:4] + right[:12]):
        answer = sa.expect_response(sa.send_init(cookie, Raw(PayloadType.PS, body), *sa.init_payloads()))
        answer.notified("PUZZLE")
        assert answer.first(PayloadType.SA) is None
    sa.take_init(sa.expect_response(sa.send_init(cookie, Raw(PayloadType.PS, right), *sa.init_payloads())))


@needs("puzzles")
@PUZZLES
@requirement("RFC8019-7.1.1.3-03", "RFC8019-10-03")
def test_a_solution_serves_once(responder):
    """Another request with the cookie and the solution that have made an IKE SA makes none. RFC 8019 7.1.1.3, 10"""
    half_open(responder)
    sa, cookie, given = asked(responder)
    solution = puzzle_solution(given, cookie.data)
    sa.take_init(sa.expect_response(sa.send_init(cookie, solution, *sa.init_payloads())))
    spi_r, sa.spi_r = sa.spi_r, bytes(8)
    other = KE(31, public_value("curve25519", bytes(range(32))))
    answer = sa.expect_response(sa.send_init(cookie, solution, *replaced(sa.init_payloads(), other), message_id=0))
    assert answer.first(PayloadType.SA) is None
    sa.spi_r = spi_r


def failed(responder):
    """One IKE_AUTH of our address that proved nothing: there is a puzzle before the next one."""
    sa = responder.initialised()
    sa.expect_response(sa.send_auth(*replaced(sa.auth_payloads(), AUTH(2, bytes(32))))).notified("AUTHENTICATION_FAILED")


@needs("puzzles")
@configuration(puzzles=BITS, half_open_timeout_ms=1000)
@requirement("RFC8019-7.2.1.1-01", "RFC8019-7.2.4-01", "RFC8019-7.2.4-03", "RFC8019-7.2.4-04")
def test_ike_auth_wants_its_solution(responder):
    """A puzzle that is not for nothing, and IKE_AUTH without PS, or with one bad key, gets no answer. RFC 8019 7.2"""
    failed(responder)
    sa = responder.initialised()
    given = sa.puzzle
    assert given is not None and given.data[2] != 0
    right = puzzle_solution(given, sa.nr + sa.spi_r).body
    for at in (None, 0, 4, 8, 12):
        outer = [] if at is None else [Raw(PayloadType.PS, right[:at] + b"bad!" + right[at + 4:])]
        sa.send_auth(outer=outer)
        sa.expect_nothing("IKE_AUTH without its solution is dropped")
    sa.auth()


@needs("puzzles")
@configuration(puzzles=BITS, half_open_timeout_ms=1500)  # a daemon of its own, where no other test has left anything
@requirement("RFC8019-7.2.1-01")
def test_who_has_solved_nothing_has_no_puzzle_before_ike_auth(responder):
    """Whoever was served for a cookie alone is not asked for more in IKE_AUTH. RFC 8019 7.2.1"""
    failed(responder)
    sa, cookie, _ = asked(responder)
    answer = sa.expect_response(sa.send_init(cookie, *sa.init_payloads()))
    if answer.first(PayloadType.SA) is None:
        raise NotReady("a request without a solution was not served")
    assert "PUZZLE" not in answer.notifies()
