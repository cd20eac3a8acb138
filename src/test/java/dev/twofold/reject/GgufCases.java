package dev.twofold.reject;

import static dev.twofold.testing.GgufBuilder.ARRAY;
import static dev.twofold.testing.GgufBuilder.BOOL;
import static dev.twofold.testing.GgufBuilder.STRING;
import static dev.twofold.testing.GgufBuilder.UINT32;
import static dev.twofold.testing.GgufBuilder.UINT64;
import static dev.twofold.testing.GgufBuilder.eight;
import static dev.twofold.testing.GgufBuilder.four;
import static dev.twofold.testing.GgufBuilder.joined;
import static dev.twofold.testing.GgufBuilder.string;

import dev.twofold.reject.Case.Scene;
import dev.twofold.testing.GgufBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * GGUF files that are not what they say. The forms that readers of the format in C were broken with are among them: numbers
 * of keys, tensors and values that overflow what is allocated for them (CVE-2024-21836, CVE-2024-23605, CVE-2024-23496),
 * more dimensions than there is room for (CVE-2024-21802), files cut short (CVE-2024-41130), sums of sizes that overflow
 * (CVE-2025-53630), and texts of tokens longer than what they are copied to (CVE-2025-49847).
 */
final class GgufCases {

    private static final String FILE = "model.gguf";
    private static final String Q = "blk.0.attn_q.weight";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final long HUGE = 0x4000_0000_0000_0000L;

    private GgufCases() {}

    static List<Case> all() {
        Group group = new Group("gguf");
        files(group);
        metadata(group);
        tensors(group);
        GgufModelCases.add(group);
        GgufShardCases.add(group);
        return group.cases();
    }

    static List<String> convert(Path file) {
        return List.of(
                "convert",
                file.toString(),
                "-o",
                file.resolveSibling(Group.OUTPUT).toString(),
                "--window",
                "0:0");
    }

    static Scene changed(UnaryOperator<GgufBuilder> change) {
        return directory -> convert(change.apply(GgufBuilder.llama()).write(directory.resolve(FILE)));
    }

    private static Scene bytes(byte[] content) {
        return directory -> convert(Files.write(directory.resolve(FILE), content));
    }

    private static void files(Group group) {
        group.accepts("a sound file", changed(file -> file))
                .accepts("version 2", changed(file -> file.version(2)))
                .rejects("nothing", bytes(new byte[0]), FILE, "ends within its header")
                .rejects("a few bytes", bytes("GGUF".getBytes(StandardCharsets.UTF_8)), FILE, "ends within its header")
                .rejects(
                        "a pointer of Git LFS",
                        bytes("version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8)),
                        FILE,
                        "not a GGUF file",
                        "Git LFS")
                .rejects("an older format", changed(file -> file.magic(0x67676d6c)), FILE, "not a GGUF file")
                .rejects("version 1", changed(file -> file.version(1)), FILE, "unsupported version", "2 or 3")
                .rejects("version 4", changed(file -> file.version(4)), FILE, "unsupported version")
                .rejects("the other byte order", changed(file -> file.version(3 << 24)), FILE, "big-endian")
                .rejects(
                        "a directory",
                        directory -> convert(Files.createDirectory(directory.resolve(FILE))),
                        "config.json",
                        "missing")
                .rejects(
                        "a link to nowhere",
                        directory -> convert(Files.createSymbolicLink(directory.resolve(FILE), Path.of("nowhere"))),
                        FILE,
                        "leads nowhere")
                .rejects("no such file", directory -> convert(directory.resolve(FILE)), FILE, "missing")
                .accepts("a link to a file", directory -> {
                    Path file = GgufBuilder.llama().write(directory.resolve("blob"));
                    return convert(Files.createSymbolicLink(directory.resolve(FILE), file));
                });
        for (int cut : new int[] {1, 2000, 40_000}) {
            group.rejects("cut short by " + cut, changed(file -> file.cut(cut)), FILE, "truncated");
        }
    }

    private static void metadata(Group group) {
        group.rejects("2^62 keys", changed(file -> file.keys(HUGE)), FILE, "too many keys", Long.toString(HUGE))
                .rejects("2^64 - 1 keys", changed(file -> file.keys(-2)), FILE, "too many keys", "18446744073709551614")
                .rejects("a key more than there is", changed(file -> file.keys(16)), FILE, "tensor number 0")
                .rejects(
                        "a key longer than the file",
                        bytes(joined(headerOnly(1), eight(60_000))),
                        FILE,
                        "key number 0",
                        "past the end")
                .rejects(
                        "a key of 2^62 bytes",
                        bytes(joined(headerOnly(1), eight(HUGE))),
                        FILE,
                        "key number 0",
                        "too long")
                .rejects(
                        "a key of 2^64 - 1 bytes",
                        bytes(joined(headerOnly(1), eight(-1))),
                        FILE,
                        "key number 0",
                        "18446744073709551615")
                .rejects("a key twice", changed(file -> file.twice("llama.block_count")), "llama.block_count", "twice")
                .rejects(
                        "a text of 2^64 - 1 bytes",
                        changed(file -> file.value("general.name", STRING, eight(-1))),
                        "key general.name",
                        "too long")
                .rejects(
                        "a text longer than the file",
                        changed(file -> file.value("general.name", STRING, eight(1 << 23))),
                        "key general.name",
                        "past the end")
                .rejects(
                        "a text that is not UTF-8",
                        changed(file -> file.value("general.name", STRING, joined(eight(2), new byte[] {-1, -2}))),
                        "key general.name",
                        "not UTF-8")
                .rejects(
                        "an unknown type of value",
                        changed(file -> file.value("general.name", 13, four(0))),
                        "key general.name",
                        "unknown type",
                        "13")
                .rejects(
                        "a list of an unknown type",
                        changed(file -> file.list("general.tags", -1, 1, four(0))),
                        "key general.tags",
                        "4294967295")
                .rejects(
                        "a list of lists",
                        changed(file -> file.list("general.tags", ARRAY, 1, joined(four(UINT32), eight(1), four(1)))),
                        "key general.tags",
                        "list of lists")
                .rejects(
                        "a list of 2^62 values",
                        changed(file -> file.list("general.tags", UINT32, HUGE, four(0))),
                        "key general.tags",
                        Long.toString(HUGE))
                .rejects(
                        "a list of 2^64 - 1 texts",
                        changed(file -> file.list("general.tags", STRING, -1, four(0))),
                        "key general.tags",
                        "18446744073709551615")
                .rejects(
                        "a list one longer than what is left of the file",
                        changed(file -> file.list("general.tags", BOOL, 1 << 20, four(0))),
                        "key general.tags",
                        "more values")
                .rejects(
                        "a truth of 2",
                        changed(file -> file.flag("general.flag", 2)),
                        "key general.flag",
                        "neither true nor false")
                .rejects(
                        "a number of 2^63",
                        changed(file -> file.value("llama.block_count", UINT64, eight(Long.MIN_VALUE))),
                        "key llama.block_count",
                        "9223372036854775808")
                .rejects(
                        "an alignment of 0",
                        changed(file -> file.number("general.alignment", 0)),
                        "key general.alignment",
                        "power of two")
                .rejects(
                        "an alignment of 24",
                        changed(file -> file.number("general.alignment", 24)),
                        "key general.alignment",
                        "24")
                .rejects(
                        "an alignment of 2^31",
                        changed(file -> file.number("general.alignment", 1L << 31)),
                        "key general.alignment")
                .rejects(
                        "an alignment that is text",
                        changed(file -> file.text("general.alignment", "32")),
                        "key general.alignment",
                        "'32'")
                .rejects(
                        "10,001 keys",
                        changed(file -> {
                            for (int i = 0; i < 10_001; i++) {
                                file.number("a." + i, i);
                            }
                            return file;
                        }),
                        "too many keys")
                .rejects(
                        "texts that fill the memory",
                        directory -> {
                            byte[] start = joined(
                                    headerOnly(1), string("general.tags"), four(ARRAY), four(STRING), eight(4_000_000));
                            Path file = Files.write(directory.resolve(FILE), start);
                            // Zeros are texts of no length.
                            Sparse.write(file, 32 << 20);
                            return convert(file);
                        },
                        "key general.tags",
                        "too much metadata");
    }

    /** Magic, version and numbers: no tensor, some keys. */
    private static byte[] headerOnly(long keys) {
        return joined(four(0x46554747), four(3), eight(0), eight(keys));
    }

    private static void tensors(Group group) {
        group.rejects("2^62 tensors", changed(file -> file.count(HUGE)), FILE, "too many tensors")
                .rejects("2^64 - 1 tensors", changed(file -> file.count(-2)), FILE, "too many tensors")
                .rejects("a tensor more than there is", changed(file -> file.count(12)), "tensor")
                .rejects("five dimensions", entry(0, 0, 1, 1, 1, 1, 1), "tensor " + Q, "dimensions", "5")
                .rejects("no dimension", entry(0, 0), "tensor " + Q, "dimensions", "0")
                .rejects("a dimension of 0", entry(0, 0, 32, 0), "tensor " + Q, "extent", "0")
                .rejects("a dimension of 2^64 - 1", entry(0, 0, 32, -1), "tensor " + Q, "18446744073709551615")
                .rejects("dimensions that overflow", entry(0, 0, 1L << 32, 1L << 32), "tensor " + Q, "overflows")
                .rejects("bytes that overflow", entry(0, 0, 1L << 31, 1L << 31), "tensor " + Q, "overflows")
                .rejects("an unknown type", entry(99, 0, 32, 32), "tensor " + Q, "unknown type", "99")
                .rejects("type 2^32 - 1", entry(-1, 0, 32, 32), "tensor " + Q, "4294967295")
                .rejects("a type that is not read", entry(16, 0, 256, 1), "tensor " + Q, "IQ2_XXS", "Q4_K")
                .rejects("rows of half a block", entry(2, 0, 48, 1), "tensor " + Q, "whole blocks", "32")
                .rejects("an offset of 2^63", entry(0, Long.MIN_VALUE, 32, 32), "tensor " + Q, "9223372036854775808")
                .rejects("an offset beyond the file", entry(0, 1 << 20, 32, 32), "tensor " + Q, "past the end")
                .rejects(
                        "an offset that overflows with the size",
                        entry(0, Long.MAX_VALUE - 31, 32, 32),
                        "tensor " + Q,
                        "past the end")
                .rejects("an offset that is not aligned", entry(0, 2052, 32, 32), "tensor " + Q, "alignment")
                .rejects("data over another tensor's", entry(0, 0, 32, 32), "tensor ", "overlaps")
                .rejects("data of 2^62 bytes", entry(0, 2048, 1L << 30, 1L << 30), "tensor " + Q, "past the end")
                .rejects(
                        "a tensor twice",
                        changed(file -> file.tensor("x", 0, new byte[32], 8).tensor("x" + "\0", 0, new byte[32], 8)),
                        "no place for the tensor")
                .rejects(
                        "a name of 300 letters",
                        changed(file -> file.tensor("x".repeat(300), 0, new byte[32], 8)),
                        "too long")
                .rejects("a tensor less", changed(file -> file.without(Q)), "tensor " + Q, "missing")
                .rejects(
                        "a tensor that the model has no place for",
                        changed(file -> file.tensor("blk.1.attn_q.weight", 0, new byte[32], 8)),
                        "tensor blk.1.attn_q.weight",
                        "no place")
                .rejects(
                        "another shape",
                        entry(0, GgufBuilder.FOLLOWING, 16, 64),
                        "tensor " + Q,
                        "wrong shape",
                        "the metadata")
                .rejects("a matrix for each expert", entry(0, GgufBuilder.FOLLOWING, 32, 16, 2), "tensor", "missing")
                .rejects(
                        "four thousand million experts",
                        directory -> {
                            Path file = GgufBuilder.llama()
                                    .tensor("blk.0.ffn_gate_exps.weight", 2, new byte[0], 32, 1, 1L << 32)
                                    .write(directory.resolve(FILE));
                            Sparse.write(file, 80L << 30);
                            return convert(file);
                        },
                        "tensor blk.0.ffn_gate_exps.weight",
                        "too many matrices");
    }

    private static Scene entry(int type, long offset, long... dims) {
        return changed(file -> file.entry(Q, type, offset, dims));
    }
}
