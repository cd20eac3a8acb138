package dev.twofold.target.gguf;

import java.util.List;

/** Texts that tokenizers like to differ in. */
final class HardTexts {

    static final List<String> ALL = List.of(
            "Hello world",
            " leading space",
            "two  spaces",
            "   three",
            "trailing   ",
            "tab\tand\ttabs\t\t",
            "line\nbreak",
            "\n\n\n",
            "a\r\nb",
            " ",
            "12345 67 8 9.0,1",
            "3.14159e-10",
            "I'll can't WE'VE he'd",
            "\u4f60\u597d\uff0c\u4e16\u754c\uff01",
            "\u3053\u3093\u306b\u3061\u306f \u30ab\u30bf\u30ab\u30ca",
            "\ud55c\uad6d\uc5b4 \ubb38\uc7a5",
            "\ud83d\ude42\ud83d\ude43 \ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud83c\uddeb\ud83c\uddf7",
            "na\u00efve caf\u00e9 e\u0301",
            "\u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947",
            "\u00a0nbsp\u2003em",
            "def f(x):\n    return x**2  # comment\n\n\n    pass",
            "<b>html</b></table>",
            "https://example.com/?q=1&r=%20#frag",
            "\u2026\u2014\u2013\u2018\u2019\u201c\u201d",
            "a".repeat(50),
            "<|endoftext|>next<|im_start|>user\nhi<|im_end|>\n",
            "e = mc\u00b2 \u00bd \u2153 \u2460",
            "\u2581under\u2581score");

    private HardTexts() {}
}
