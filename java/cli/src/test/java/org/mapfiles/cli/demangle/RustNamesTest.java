package org.mapfiles.cli.demangle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Names of Rust, in both manglings. */
class RustNamesTest {
    private static final String CONSTANT = "_RMCs4fqI2P2rA04_13const_genericINtB0_";

    private static void check(String raw, String expected) {
        assertThat(Demangler.demangle(raw)).as(raw).isEqualTo(expected);
    }

    /** The function that stays raw is the same object, so that a caller can compare quickly. */
    private static void checkRaw(String raw) {
        assertThat(Demangler.demangle(raw)).isSameAs(raw);
    }

    @Test
    void legacy_names_lose_their_hash() {
        check("_ZN3std2rt10lang_start17h9a2b8d1c3e4f5a60E", "std::rt::lang_start");
        check("_ZN4core3ptr13drop_in_place17h9a2b8d1c3e4f5a60E.llvm.123", "core::ptr::drop_in_place");
        check("_ZN3foo3bar17h9a2b8d1c3e4f5a60E.cold", "foo::bar.cold");
        check("_ZN3foo3bar17h9a2b8d1c3e4f5a60E@plt", "foo::bar@plt");
    }

    @Test
    void legacy_escapes_become_characters() {
        check(
                "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h9a2b8d1c3e4f5a60E",
                "<Test + 'static as foo::Bar<Test>>::bar");
        check("_ZN8$RF$test4main17h9a2b8d1c3e4f5a60E", "&test::main");
        check("_ZN5a$XX$1b17h9a2b8d1c3e4f5a60E", "a$XX$::b");
    }

    @Test
    void legacy_names_with_an_identifier_that_only_looks_like_a_hash_are_not_rust() {
        assertThat(RustLegacy.demangle("_ZN3foo17h0000000000000000E")).isNull();
        assertThat(RustLegacy.demangle("_ZN3foo17hABCDEF0123456789E")).isNull();
        assertThat(RustLegacy.demangle("_ZN3foo3barEv")).isNull();
        assertThat(RustLegacy.demangle("_ZN3foo3bar17h9a2b8d1c3e4f5a60E69dE")).isNull();
        assertThat(RustLegacy.demangle("_ZN17h9a2b8d1c3e4f5a60E")).isNull();
        assertThat(RustLegacy.demangle("_ZN99999999999999999999a17h9a2b8d1c3e4f5a60E"))
                .isNull();
    }

    @Test
    void v0_paths_and_closures() {
        check("_RNvC6_123foo3bar", "123foo::bar");
        check("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}");
        check(
                "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_"
                        + "6memchr7memrchrs_0E0Bb_",
                "<core::slice::Iter<u8> as core::iter::iterator::Iterator>::rposition"
                        + "::<core::slice::memchr::memrchr::{closure#1}>::{closure#0}");
        check("_RNvC6_123foo3bar.llvm.9D1C9369@@16", "123foo::bar");
        check("_RNvC6_123foo3bar.cold", "123foo::bar.cold");
        check("_RNvC6_123foo3bar@plt", "123foo::bar@plt");
    }

    @Test
    void v0_types() {
        check(
                "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
                "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>");
        check("_RMC0INtC8arrayvec8ArrayVechKj7b_E", "<arrayvec::ArrayVec<u8, 123>>");
        check("_RIC1aRhE", "a::<&u8>");
        check("_RIC1aQhPhOhShTEThEThtEE", "a::<&mut u8, *const u8, *mut u8, [u8], (), (u8,), (u8, u16)>");
        check("_RIC1aAhj10_E", "a::<[u8; 16]>");
        check("_RIC1aFUKCmEuE", "a::<unsafe extern \"C\" fn(u32)>");
        check("_RIC1aFK8rust_abimEtE", "a::<extern \"rust-abi\" fn(u32) -> u16>");
        check("_RIC1aFG_RL0_hEuE", "a::<for<'a> fn(&'a u8)>");
        check("_RIC1aDG0_C1bL_E", "_RIC1aDG0_C1bL_E"); // a list of traits without an end
        check("_RIC1aDG0_C1bC1cEL_E", "a::<dyn for<'a, 'b> b + c>");
    }

    @Test
    void v0_constants() {
        check(CONSTANT + "8UnsignedKhb_E", "<const_generic::Unsigned<11>>");
        check(CONSTANT + "6SignedKanb_E", "<const_generic::Signed<-11>>");
        check(CONSTANT + "4BoolKb1_E", "<const_generic::Bool<true>>");
        check(CONSTANT + "4CharKc76_E", "<const_generic::Char<'v'>>");
        check(CONSTANT + "4CharKca_E", "<const_generic::Char<'\\n'>>");
        check(CONSTANT + "4CharKc2202_E", "<const_generic::Char<'∂'>>");
        check(CONSTANT + "3FooKpE", "<const_generic::Foo<_>>");
        check(CONSTANT + "3FooKoffffffffffffffffff_E", "<const_generic::Foo<0xffffffffffffffffff>>");
        check(CONSTANT + "3FooKyffffffffffffffff_E", "<const_generic::Foo<18446744073709551615>>");
        check("_RIC0KRe616263_E", "::<\"abc\">");
        check("_RIC0KRe27_E", "::<\"'\">");
        check("_RIC0KRAt1_t2_EE", "::<{&[1, 2]}>");
        check("_RIC0KTh1_EE", "::<{(1,)}>");
        check("_RIC0KVNtC1a1bUE", "::<{a::b}>");
        check("_RIC0KVNtC1a1bTh1_c62_EE", "::<{a::b(1, 'b')}>");
        check("_RIC0KVNtC1a1bS1xh1_1yRe7a_EE", "::<{a::b { x: 1, y: \"z\" }}>");
    }

    @Test
    void v0_identifiers_may_be_punycode() {
        check(
                "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
                "utf8_idents::საჭმელად_გემრიელი_სადილი");
        check("_RNvC1au4_aA!", "_RNvC1au4_aA!");
        check("_RNvC1au3a_A", "a::punycode{a_A}");
        assertThat(Punycode.decode("b_" + "9".repeat(500))).isNull();
        assertThat(Punycode.decode("A_!")).isNull();
    }

    @Test
    void malformed_names_stay_raw() {
        for (String raw : new String[] {
            "_R", "_RC", "_RC9a", "_R1C1a", "_RNvC1a", "_RIC1aE1", "_RNvB_1a", "_RNvB5_1a", "_RIC1aKb2_E",
                    "_RIC1aKcd800_E",
            "_RIC1aKRe6_E", "_RIC1aKReff_E", "_RC1a\n", "_RIC1aRL0_hE", "_RIC1aRLzzzzzzzzzzz_hE",
                    "_RNvCszzzzzzzzzzzz_1a1b", "_Rust", "_RC99999999999999999999a", "_ZN", "_ZNE",
            "_ZN3fo"
        }) {
            checkRaw(raw);
        }
    }

    @Test
    void deep_names_stay_raw() {
        checkRaw("_RIC1a" + "S".repeat(10_000) + "hE");
        checkRaw("_RMC0" + "R".repeat(10_000) + "h");
        checkRaw("_R" + "Nv".repeat(5_000) + "C1a" + "1b".repeat(5_000));
        checkRaw("_RIC0K" + "R".repeat(10_000) + "h1_E");
        checkRaw("_RIC0FG" + "z".repeat(8) + "_EuE");
    }

    /** Each back reference doubles the length: the whole name would take 2^40 characters. */
    @Test
    void names_that_grow_by_back_references_stay_raw() {
        StringBuilder bomb = new StringBuilder("_RIC1aTuuE");
        int previous = 4; // the tuple
        for (int i = 0; i < 40; i++) {
            int at = bomb.length() - 2;
            String reference = "B" + base62(previous);
            bomb.append('T').append(reference).append(reference).append('E');
            previous = at;
        }
        checkRaw(bomb.append('E').toString());
        String reference = "B" + base62(4);
        check("_RIC1aTuuET" + reference + reference + "EE", "a::<((), ()), (((), ()), ((), ()))>");
    }

    /** A back reference to itself, or to an element that has it, would never end. */
    @Test
    void names_that_refer_to_an_enclosing_element_stay_raw() {
        checkRaw("_RIC1aTB" + base62(4) + "E");
        checkRaw("_RIC1aB" + base62(4) + "E");
        checkRaw("_RIC1aTTuB" + base62(4) + "EE");
    }

    private static String base62(int value) {
        if (value == 0) {
            return "_";
        }
        String digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        StringBuilder text = new StringBuilder();
        for (int rest = value - 1; rest > 0 || text.length() == 0; rest /= 62) {
            text.insert(0, digits.charAt(rest % 62));
        }
        return text.append('_').toString();
    }

    /** Random changes of valid names, and random elements: the result is a name or raw, within the limits. */
    @Test
    void random_names_have_a_bounded_result() {
        Random random = new Random(17);
        String elements = "CNMXYIBRQPOASTFDKLGEUnps_0123456789abcefhuv$.";
        String valid =
                "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNC"
                        + "NgNpB9_6memchr7memrchrs_0E0Bb_";
        for (int round = 0; round < 50_000; round++) {
            StringBuilder name = new StringBuilder(round % 2 == 0 ? valid : random.nextBoolean() ? "_R" : "_ZN3foo");
            if (round % 2 == 0) {
                for (int change = random.nextInt(4); change >= 0; change--) {
                    name.setCharAt(
                            2 + random.nextInt(name.length() - 2), elements.charAt(random.nextInt(elements.length())));
                }
            } else {
                for (int i = random.nextInt(200); i >= 0; i--) {
                    name.append(elements.charAt(random.nextInt(elements.length())));
                }
            }
            String raw = name.toString();
            String result = raw.startsWith("_R") ? RustV0.demangle(raw) : RustLegacy.demangle(raw);
            if (result != null) {
                assertThat(result.length()).as(raw).isLessThanOrEqualTo(Demangler.MAX_RESULT + raw.length());
            }
        }
    }
}
