package dev.twofold.source.gguf;

import dev.twofold.diag.TwofoldException;
import dev.twofold.gguf.Metadata;
import dev.twofold.gguf.PreTokenizer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizer that a file's metadata describes.
 *
 * @param kind what tokenizer.ggml.model says
 * @param tokens by id
 * @param scores by id; empty if there are none
 * @param merges pairs of tokens with a space between them, the first merged first
 * @param special ids by role: begin, end and so on
 * @param addsBegin whether every text gets the begin token
 * @param addsEnd whether every text gets the end token
 * @param addsSpace whether every text gets a space before it
 */
record Vocabulary(
        Kind kind,
        PreTokenizer preTokenizer,
        List<Token> tokens,
        List<Double> scores,
        List<String> merges,
        Map<Role, Integer> special,
        boolean addsBegin,
        boolean addsEnd,
        boolean addsSpace,
        Optional<String> chatTemplate) {

    static final String PREFIX = "tokenizer.ggml.";
    static final String MODEL = PREFIX + "model";
    private static final String PRE = PREFIX + "pre";
    private static final String TOKENS = PREFIX + "tokens";
    private static final String TYPES = PREFIX + "token_type";
    private static final String SCORES = PREFIX + "scores";
    private static final String MERGES = PREFIX + "merges";

    /** Characters of a token; published ones have some hundred, of spaces. */
    private static final int MAX_TOKEN = 4096;

    /** What files name where there is no token: -1, of either kind of 32 bits. */
    private static final Set<Long> NO_TOKEN = Set.of(-1L, 0xffffffffL);

    /** The kinds of tokenizers that are rebuilt. */
    enum Kind {
        /** Pairs of bytes, as in GPT-2. */
        GPT2,
        /** SentencePiece by scores, as in Llama 2 and Gemma. */
        LLAMA
    }

    /** What a token is for, by the number that files have. */
    enum TokenKind {
        UNDEFINED,
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    /** Tokens with a part of their own, and the keys that name them. */
    enum Role {
        BEGIN("bos_token_id"),
        END("eos_token_id"),
        END_OF_TURN("eot_token_id"),
        END_OF_MESSAGE("eom_token_id"),
        UNKNOWN("unknown_token_id"),
        PADDING("padding_token_id");

        private final String key;

        Role(String key) {
            this.key = key;
        }
    }

    /** A token. */
    record Token(String text, TokenKind kind) {}

    /**
     * @param rows of the embedding, which tokens may not be more than
     * @return nothing if there is no tokenizer, or one of a kind that is not rebuilt
     * @throws TwofoldException of kind INPUT that names the key which is wrong
     */
    static Optional<Vocabulary> read(Metadata metadata, int rows) {
        Optional<Kind> kind = metadata.text(MODEL).flatMap(name -> switch (name) {
            case "gpt2" -> Optional.of(Kind.GPT2);
            case "llama" -> Optional.of(Kind.LLAMA);
            default -> Optional.empty();
        });
        return kind.map(known -> new Reading(metadata, rows, known).read());
    }

    /** The token that a key names, if it names one. */
    static Optional<Integer> special(Metadata metadata, String key, int count) {
        return metadata.whole(key).filter(id -> !NO_TOKEN.contains(id)).flatMap(id -> metadata.token(key, count));
    }

    /** The id of a token with a part of its own. */
    Optional<Integer> id(Role role) {
        return Optional.ofNullable(special.get(role));
    }

    /** Its text. */
    Optional<String> text(Role role) {
        return id(role).map(id -> tokens.get(id).text());
    }

    /** Ids at which generation stops, the one of texts first. */
    List<Integer> ends() {
        return List.of(Role.END, Role.END_OF_TURN, Role.END_OF_MESSAGE).stream()
                .flatMap(role -> id(role).stream())
                .distinct()
                .toList();
    }

    /** Whether a token is found in a text before anything else happens to it. */
    boolean isAdded(int id) {
        TokenKind kind = tokens.get(id).kind();
        return kind == TokenKind.CONTROL
                || kind == TokenKind.USER_DEFINED
                || kind == TokenKind.UNKNOWN
                || special.containsValue(id);
    }

    /** One file's metadata being read. */
    private record Reading(Metadata metadata, int rows, Kind kind) {

        Vocabulary read() {
            List<Token> tokens = tokens();
            PreTokenizer pre =
                    kind == Kind.GPT2 ? preTokenizer() : new PreTokenizer(List.of(), "", false, true, List.of());
            Map<Role, Integer> special = special(tokens.size());
            boolean begins = metadata.flag(PREFIX + "add_bos_token", pre.begins());
            boolean ends = metadata.flag(PREFIX + "add_eos_token", false);
            return new Vocabulary(
                    kind,
                    pre,
                    tokens,
                    kind == Kind.LLAMA ? scores(tokens.size()) : List.of(),
                    kind == Kind.GPT2 ? merges(tokens) : List.of(),
                    special,
                    begins && require(special, Role.BEGIN, "add_bos_token", begins),
                    ends && require(special, Role.END, "add_eos_token", ends),
                    kind == Kind.LLAMA && metadata.flag(PREFIX + "add_space_prefix", true),
                    metadata.text("tokenizer.chat_template"));
        }

        private boolean require(Map<Role, Integer> special, Role role, String key, boolean asked) {
            boolean said = metadata.value(PREFIX + key).isPresent();
            if (asked && said && !special.containsKey(role)) {
                throw metadata.wrong(PREFIX + key, "it asks for a token that is not named")
                        .expected(PREFIX + role.key);
            }
            return special.containsKey(role);
        }

        private List<Token> tokens() {
            List<String> texts = metadata.texts(TOKENS);
            if (texts.isEmpty()) {
                throw metadata.missing(TOKENS);
            }
            if (texts.size() > rows) {
                throw metadata.wrong(TOKENS, "more tokens than the embedding has rows")
                        .found(texts.size())
                        .expected("at most " + rows);
            }
            List<Long> types = metadata.wholes(TYPES);
            if (!types.isEmpty() && types.size() != texts.size()) {
                throw metadata.wrong(TYPES, "not a type for each token")
                        .found(types.size())
                        .expected(texts.size());
            }
            List<Token> tokens = new ArrayList<>();
            Map<String, Integer> ids = new HashMap<>();
            for (int id = 0; id < texts.size(); id++) {
                requireShort(id, texts.get(id));
                TokenKind of = types.isEmpty() ? TokenKind.NORMAL : kind(types.get(id));
                Integer twin = of == TokenKind.UNUSED ? null : ids.put(texts.get(id), id);
                if (twin != null) {
                    throw metadata.wrong(TOKENS, "two tokens have the same text")
                            .found("'" + texts.get(id) + "', tokens " + twin + " and " + id);
                }
                tokens.add(new Token(texts.get(id), of));
            }
            return tokens;
        }

        private void requireShort(int id, String text) {
            if (text.length() > MAX_TOKEN) {
                throw metadata.wrong(TOKENS, "a token is too long")
                        .found("token " + id + " of " + text.length() + " characters")
                        .expected("at most " + MAX_TOKEN);
            }
        }

        private TokenKind kind(long number) {
            if (number < 0 || number >= TokenKind.values().length) {
                throw metadata.wrong(TYPES, "unknown type of token").found(number);
            }
            return TokenKind.values()[(int) number];
        }

        private PreTokenizer preTokenizer() {
            String name = metadata.text(PRE).orElse("default");
            return PreTokenizer.named(name)
                    .orElseThrow(() -> metadata.wrong(PRE, "texts are cut in a way that is not known")
                            .found(name)
                            .expected("one of " + String.join(", ", PreTokenizer.names())));
        }

        private List<Double> scores(int count) {
            List<Double> scores = metadata.numbers(SCORES);
            if (scores.size() != count) {
                throw metadata.wrong(SCORES, "not a score for each token")
                        .found(scores.size())
                        .expected(count);
            }
            return scores;
        }

        private List<String> merges(List<Token> tokens) {
            List<String> merges = metadata.texts(MERGES);
            Set<String> texts = new HashSet<>();
            tokens.forEach(token -> texts.add(token.text()));
            for (String merge : merges) {
                int space = space(merge);
                boolean known = space > 0
                        && texts.contains(merge.substring(0, space))
                        && texts.contains(merge.substring(space + 1))
                        && texts.contains(merge.substring(0, space) + merge.substring(space + 1));
                if (!known) {
                    throw metadata.wrong(MERGES, "not two tokens that make a third")
                            .found("'" + merge + "'");
                }
            }
            return merges;
        }

        /** What files leave out, or say is no token at all, is what SentencePiece has by default. */
        private Map<Role, Integer> special(int count) {
            Map<Role, Integer> special = new EnumMap<>(Role.class);
            if (kind == Kind.LLAMA) {
                special.putAll(Map.of(Role.UNKNOWN, 0, Role.BEGIN, 1, Role.END, 2));
            }
            for (Role role : Role.values()) {
                String key = PREFIX + role.key;
                if (metadata.value(key).isPresent()) {
                    special.remove(role);
                    Vocabulary.special(metadata, key, count).ifPresent(id -> special.put(role, id));
                }
            }
            special.values().removeIf(id -> id >= count);
            return special;
        }
    }

    /** Where the space between the tokens of a merge is; below zero if it has none. */
    private static int space(String merge) {
        int space = merge.indexOf(' ', 1);
        return space == merge.length() - 1 ? -1 : space;
    }
}
