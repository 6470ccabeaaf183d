//! Regular expressions, as far as load balancers know them: no lookaround, no backreferences.

/// A step of an expression.
#[derive(Debug)]
enum Node {
    Letter(char),
    Any,
    /// Ranges, and whether what is outside them is meant.
    Set(Vec<(char, char)>, bool),
    Start,
    End,
    /// A group, and its number if it captures.
    Group(Box<Node>, Option<usize>),
    /// One of these.
    Either(Vec<Node>),
    /// All of these, in order.
    Row(Vec<Node>),
    /// At least, at most, and whether as often as possible.
    Repeat(Box<Node>, usize, usize, bool),
}

/// Where groups begin and end; the whole match is the first.
type Captures = Vec<Option<(usize, usize)>>;

/// What follows a step.
type Then<'a> = &'a mut dyn FnMut(usize, &mut Captures) -> bool;

/// A regular expression.
#[derive(Debug)]
pub struct Regex {
    root: Node,
    groups: usize,
}

impl Regex {
    /// Reads an expression; none when it has a form that is not known here.
    pub fn new(text: &str) -> Option<Self> {
        let letters: Vec<char> = text.chars().collect();
        let mut reader = Reader {
            letters: &letters,
            at: 0,
            groups: 0,
        };
        let root = reader.either()?;
        let groups = reader.groups;
        (reader.at == letters.len()).then_some(Self { root, groups })
    }

    /// Returns the first match: its groups, the whole first.
    pub fn find(&self, text: &str) -> Option<Captures> {
        let text: Vec<char> = text.chars().collect();
        (0..=text.len()).find_map(|start| {
            let mut captures = vec![None; self.groups + 1];
            let mut end = None;
            let found = run(&self.root, &text, start, &mut captures, &mut |at, _| {
                end = Some(at);
                true
            });
            captures[0] = end.map(|end| (start, end));
            found.then_some(captures)
        })
    }

    /// Returns the text with its first match replaced; `$1` is the first group, `$0` the whole.
    pub fn replace(&self, text: &str, with: &str) -> Option<String> {
        let captures = self.find(text)?;
        let letters: Vec<char> = text.chars().collect();
        let (start, end) = captures.first().copied().flatten()?;
        let mut new: String = letters[..start].iter().collect();
        let mut rest = with.chars().peekable();
        while let Some(letter) = rest.next() {
            let digit = rest.peek().and_then(|next| next.to_digit(10));
            match digit.filter(|_| letter == '$') {
                Some(digit) => {
                    rest.next();
                    let group = captures.get(usize::try_from(digit).unwrap_or_default());
                    if let Some((from, to)) = group.copied().flatten() {
                        new.extend(&letters[from..to]);
                    }
                }
                None => new.push(letter),
            }
        }
        new.extend(&letters[end..]);
        Some(new)
    }
}

fn run(node: &Node, text: &[char], at: usize, captures: &mut Captures, then: Then<'_>) -> bool {
    let one = |fits: bool, captures: &mut Captures, then: Then<'_>| fits && then(at + 1, captures);
    let letter = text.get(at).copied();
    match node {
        Node::Letter(wanted) => one(letter == Some(*wanted), captures, then),
        Node::Any => one(letter.is_some(), captures, then),
        Node::Set(ranges, negated) => {
            let inside = |letter: char| {
                let mut ranges = ranges.iter();
                ranges.any(|(first, last)| (*first..=*last).contains(&letter)) != *negated
            };
            one(letter.is_some_and(inside), captures, then)
        }
        Node::Start => at == 0 && then(at, captures),
        Node::End => at == text.len() && then(at, captures),
        Node::Group(inner, None) => run(inner, text, at, captures, then),
        Node::Group(inner, Some(number)) => {
            let before = captures[*number];
            let found = run(inner, text, at, captures, &mut |end, captures| {
                let inside = captures[*number].replace((at, end));
                let found = then(end, captures);
                if !found {
                    captures[*number] = inside;
                }
                found
            });
            if !found {
                captures[*number] = before;
            }
            found
        }
        Node::Either(all) => all.iter().any(|one| run(one, text, at, captures, then)),
        Node::Row(all) => row(all, text, at, captures, then),
        Node::Repeat(inner, least, most, greedy) => {
            let bounds = (*least, *most, *greedy);
            repeat(inner, bounds, text, at, captures, then)
        }
    }
}

fn row(all: &[Node], text: &[char], at: usize, captures: &mut Captures, then: Then<'_>) -> bool {
    match all.split_first() {
        None => then(at, captures),
        Some((first, rest)) => run(first, text, at, captures, &mut |at, captures| {
            row(rest, text, at, captures, then)
        }),
    }
}

fn repeat(
    inner: &Node,
    (least, most, greedy): (usize, usize, bool),
    text: &[char],
    at: usize,
    captures: &mut Captures,
    then: Then<'_>,
) -> bool {
    if least == 0 && !greedy && then(at, captures) {
        return true;
    }
    let more = most > 0
        && run(inner, text, at, captures, &mut |end, captures| {
            // An empty turn leads nowhere new.
            let bounds = (least.saturating_sub(1), most - 1, greedy);
            (end > at || least > 0) && repeat(inner, bounds, text, end, captures, then)
        });
    more || least == 0 && greedy && then(at, captures)
}

/// Reads expressions.
struct Reader<'a> {
    letters: &'a [char],
    at: usize,
    groups: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek();
        self.at += usize::from(letter.is_some());
        letter
    }

    fn skip(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn either(&mut self) -> Option<Node> {
        let mut all = vec![self.row()?];
        while self.skip('|') {
            all.push(self.row()?);
        }
        Some(Node::Either(all))
    }

    fn row(&mut self) -> Option<Node> {
        let mut all = Vec::new();
        while self.peek().is_some_and(|letter| !"|)".contains(letter)) {
            let node = self.atom()?;
            all.push(self.repeated(node)?);
        }
        Some(Node::Row(all))
    }

    fn atom(&mut self) -> Option<Node> {
        match self.take()? {
            '.' => Some(Node::Any),
            '^' => Some(Node::Start),
            '$' => Some(Node::End),
            '(' => self.group(),
            '[' => self.set(),
            '\\' => match self.take()? {
                letter if letter.is_ascii_alphanumeric() => {
                    let (ranges, negated) = class(letter)?;
                    Some(Node::Set(ranges, negated))
                }
                letter => Some(Node::Letter(letter)),
            },
            '*' | '+' | '?' => None,
            letter => Some(Node::Letter(letter)),
        }
    }

    fn group(&mut self) -> Option<Node> {
        let number = if self.skip('?') {
            self.skip(':').then_some(None)?
        } else {
            self.groups += 1;
            Some(self.groups)
        };
        let inner = self.either()?;
        self.skip(')').then(|| Node::Group(Box::new(inner), number))
    }

    fn set(&mut self) -> Option<Node> {
        let negated = self.skip('^');
        let mut ranges = Vec::new();
        loop {
            let letter = match self.take()? {
                ']' if !ranges.is_empty() => return Some(Node::Set(ranges, negated)),
                '\\' => match self.take()? {
                    letter if letter.is_ascii_alphanumeric() => {
                        let (mut inside, outside) = class(letter)?;
                        ranges.append(&mut inside);
                        if outside {
                            return None;
                        }
                        continue;
                    }
                    letter => letter,
                },
                letter => letter,
            };
            let is_range = self.peek() == Some('-')
                && self
                    .letters
                    .get(self.at + 1)
                    .is_some_and(|next| *next != ']');
            if is_range {
                self.at += 1;
                ranges.push((letter, self.take()?));
            } else {
                ranges.push((letter, letter));
            }
        }
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (least, most) = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(node),
            _ => return Some(node),
        };
        self.at += 1;
        let greedy = !self.skip('?');
        Some(Node::Repeat(Box::new(node), least, most, greedy))
    }

    fn counted(&mut self, node: Node) -> Option<Node> {
        let rest = &self.letters[self.at + 1..];
        let length = rest.iter().position(|letter| *letter == '}')?;
        let inside: String = rest[..length].iter().collect();
        self.at += length + 2;
        let (least, most) = match inside.split_once(',') {
            None => (inside.parse().ok()?, inside.parse().ok()?),
            Some((least, "")) => (least.parse().ok()?, usize::MAX),
            Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
        };
        let greedy = !self.skip('?');
        Some(Node::Repeat(Box::new(node), least, most, greedy))
    }
}

/// The ranges of `\d`, `\w`, `\s`, and whether what is outside them is meant.
fn class(letter: char) -> Option<(Vec<(char, char)>, bool)> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        's' => vec![(' ', ' '), ('\t', '\r')],
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// Returns whether a regular expression is one that requests can be held against here.
pub fn reads(expression: &str) -> bool {
    Regex::new(expression).is_some()
}

#[cfg(test)]
mod tests {
    use super::Regex;

    #[test]
    fn what_matches() {
        for (regex, text, fits) in [
            ("^/api/(.*)$", "/api/a/b", true),
            ("^/api/(.*)$", "/apx", false),
            ("b+", "abbc", true),
            ("^[^?]*$", "/a?b", false),
            ("^[a-c-]{2,3}$", "a-c", true),
            ("^[a-c]{2}$", "abc", false),
            ("^(a|bc)*d?$", "abca", true),
            (r"^\d+\.\w$", "12.x", true),
            ("^(a*)*$", "aaab", false),
            ("^(?:x|)y$", "y", true),
        ] {
            let found = Regex::new(regex).unwrap().find(text);
            assert_eq!(found.is_some(), fits, "{regex} {text}");
        }
    }

    #[test]
    fn what_is_replaced() {
        for (regex, with, text, new) in [
            ("^/api/(.*)$", "/$1", "/api/a?b=c", Some("/a?b=c")),
            ("^/(.)(.*?)/", "/$2$1/", "/abc/d", Some("/bca/d")),
            ("^(a)|b", "[$1]", "b", Some("[]")),
            ("x", "y", "abc", None),
            ("o", "$", "foo", Some("f$o")),
        ] {
            let found = Regex::new(regex).unwrap().replace(text, with);
            assert_eq!(found.as_deref(), new, "{regex}");
        }
    }

    #[test]
    fn what_is_not_known() {
        for regex in ["(?=a)", "(a", "a)", "[a", "*", r"\1", "a{x}"] {
            assert!(Regex::new(regex).is_none(), "{regex}");
        }
    }
}
