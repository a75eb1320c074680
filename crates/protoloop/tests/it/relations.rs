//! Relations as methods of generated messages.

use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use prost::Message as _;
use protoloop::{
    Application, Call, CallContext, Changes, Code, Context, Error, Key, MemoryConnector, Query,
    RepositoryExt as _, Result, TransactionOptions, include,
};
use protoloop_build::compile;

use crate::golden::relations::{
    library::v1::{
        Book, BookService, BookServiceServer, BookTag, CheckRequest, CheckResponse, Cover, Tag,
        book::Chapter,
    },
    people::r#type::v1::Person,
};

type Check = for<'a> fn(&'a Context) -> protoloop::BoxFuture<'a, Result<()>>;

/// Its method does what the test says.
#[derive(Debug)]
struct Checks(Check);

impl BookService for Checks {
    async fn check(&self, cx: &Context, _: CheckRequest) -> Result<CheckResponse> {
        let people = cx.repository::<Person>()?;
        let ada = Person {
            id: "ada".to_owned(),
            ..Person::default()
        };
        people.create(cx, ada).await?;
        let books = cx.repository::<Book>()?;
        books.create(cx, book("a", Some("ada"))).await?;
        books.create(cx, book("b", None)).await?;
        (self.0)(cx).await?;
        Ok(CheckResponse {})
    }
}

fn book(id: &str, author: Option<&str>) -> Book {
    Book {
        id: id.to_owned(),
        title: id.to_owned(),
        author_id: author.map(str::to_owned),
        ..Book::default()
    }
}

fn chapter(text: &str) -> Chapter {
    Chapter {
        text: text.to_owned(),
        ..Chapter::default()
    }
}

async fn check(check: Check) {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protoloop-build/tests/golden/relations"
    );
    let compiled = compile(&[PathBuf::from(folder)], &[]).expect("compiles");
    let application = Application::new(compiled.schema.descriptor_set()).expect("a schema");
    let application = application
        .datasource("default", MemoryConnector::new())
        .service(BookServiceServer::new(Checks(check)));
    let server = application.build().await.expect("starts");
    let path = "/library.v1.BookService/Check";
    let method = server.schema().method_by_path(path).expect("a method");
    let request = CheckRequest {}.encode_to_vec().into();
    let call = Call::unary(method.info.clone(), CallContext::new(), request);
    let reply = server.handler().call(call).await;
    reply.expect("as the test says");
}

fn told<T: std::fmt::Debug>(outcome: Result<T>) -> (Code, String) {
    let error: Error = outcome.expect_err("refused");
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn a_belongs_to_is_followed() {
    check(|cx| {
        Box::pin(async move {
            let author = book("a", Some("ada")).author(cx)?.get(cx).await?;
            assert_eq!(author.map(|author| author.id).as_deref(), Some("ada"));
            assert_eq!(book("b", None).author(cx)?.get(cx).await?, None);
            assert_eq!(book("c", Some("bob")).author(cx)?.get(cx).await?, None);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn a_has_many_has_rows_of_its_own_only() {
    check(|cx| {
        Box::pin(async move {
            let (a, b) = (book("a", None).chapters(cx)?, book("b", None).chapters(cx)?);
            let one = a.create(cx, chapter("one")).await?;
            assert_eq!(one.book_id, "a");
            let more = vec![chapter("two"), chapter("three")];
            assert_eq!(a.create_all(cx, more).await?.len(), 2);
            let other = b.create(cx, chapter("other")).await?;
            assert_eq!((a.count(cx, None).await?, b.count(cx, None).await?), (3, 1));
            let texts = |rows: Vec<Chapter>| -> Vec<String> {
                rows.into_iter().map(|row| row.text).collect()
            };
            assert_eq!(texts(a.find_all(cx, None).await?), ["one", "two", "three"]);
            let mut query = Query::new(a.model().key_order().clone());
            query.skip = 2;
            assert_eq!(texts(a.find(cx, &query).await?), ["three"]);

            let (own, foreign) = (Key::from(one.id), Key::from(other.id));
            assert_eq!(a.find_by_id(cx, &own).await?, one);
            assert_eq!(told(a.find_by_id(cx, &foreign).await).0, Code::NotFound);
            assert_eq!(told(a.delete_by_id(cx, &foreign).await).0, Code::NotFound);
            let rename = |row: &mut Chapter| {
                row.text.push('!');
                Ok(())
            };
            assert_eq!(a.update_by_id(cx, &own, rename).await?.text, "one!");
            let missing = a.update_by_id(cx, &foreign, rename).await;
            assert_eq!(told(missing).0, Code::NotFound);
            let give = |row: &mut Chapter| {
                row.book_id = "b".to_owned();
                Ok(())
            };
            let given = told(a.update_by_id(cx, &own, give).await);
            assert_eq!(
                given.1,
                "book_id: cannot be changed here: the row would belong to another"
            );
            let mut stolen = chapter("stolen");
            stolen.book_id = "b".to_owned();
            assert_eq!(
                told(a.create(cx, stolen.clone()).await),
                (
                    Code::InvalidArgument,
                    "book_id: is not `a`, as that of the book".to_owned()
                )
            );
            let all = Changes::of(a.model(), &stolen, &["text"])?;
            assert_eq!(a.update_all(cx, None, &all).await?, 3);
            let moved = Changes::of(a.model(), &stolen, &["book_id"])?;
            assert_eq!(
                told(a.update_all(cx, None, &moved).await).0,
                Code::InvalidArgument
            );
            a.delete_by_id(cx, &own).await?;
            assert_eq!(a.delete_all(cx, None).await?, 2);
            assert_eq!(texts(b.find_all(cx, None).await?), ["other"]);
            let unsaved = book("", None).chapters(cx);
            assert_eq!(
                told(unsaved).1,
                "the book has no id, so nothing belongs to it; store it first"
            );
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn a_has_one_is_one() {
    check(|cx| {
        Box::pin(async move {
            let cover = book("a", None).cover(cx)?;
            assert_eq!(cover.get(cx).await?, None);
            let paint = |row: &mut Cover| {
                row.color = "red".to_owned();
                Ok(())
            };
            assert_eq!(
                told(cover.update(cx, paint).await),
                (Code::NotFound, "book `a` has no cover".to_owned())
            );
            cover.create(cx, Cover::default()).await?;
            let again = cover.create(cx, Cover::default()).await;
            assert_eq!(told(again).0, Code::AlreadyExists);
            assert_eq!(cover.update(cx, paint).await?.color, "red");
            assert!(cover.delete(cx).await?);
            assert!(!cover.delete(cx).await?);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn through_a_model_rows_are_linked() {
    check(|cx| {
        Box::pin(async move {
            let tag = |id: &str| Tag { id: id.to_owned() };
            let tags = book("a", None).tags(cx)?;
            let all = cx.repository::<Tag>()?;
            all.create_all(cx, vec![tag("x"), tag("y")]).await?;
            tags.create(cx, tag("z")).await?;
            let (x, nobody) = (Key::from("x"), Key::from("nobody"));
            tags.link(cx, &[x.clone(), x.clone()]).await?;
            tags.link(cx, std::slice::from_ref(&x)).await?;
            assert_eq!(tags.find_all(cx, None).await?, [tag("x"), tag("z")]);
            let missing = tags.link(cx, &[Key::from("y"), nobody]).await;
            assert_eq!(told(missing).1, "tag `nobody` was not found");
            assert_eq!(book("b", None).tags(cx)?.count(cx, None).await?, 0);
            assert_eq!(
                told(tags.find_by_id(cx, &"y".into()).await).0,
                Code::NotFound
            );
            assert_eq!(tags.unlink(cx, &[x, "y".into()]).await?, 1);
            assert_eq!(tags.unlink(cx, &[]).await?, 0);
            assert_eq!(tags.unlink_all(cx).await?, 1);
            assert_eq!(all.count(cx, None).await?, 3, "the rows stay");
            let links = cx.repository::<BookTag>()?;
            assert_eq!(links.count(cx, None).await?, 0);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn a_list_of_keys_keeps_its_order() {
    check(|cx| {
        Box::pin(async move {
            let mut fan = book("c", None);
            fan.like_ids = ["b", "gone", "a"].map(str::to_owned).into();
            let liked = fan.likes(cx)?.find_all(cx).await?;
            let ids: Vec<&str> = liked.iter().map(|book| &*book.id).collect();
            assert_eq!(ids, ["b", "a"]);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn relations_work_in_transactions() {
    check(|cx| {
        Box::pin(async move {
            let books = cx.repository::<Book>()?;
            let options = TransactionOptions::new();
            let work = |inside: CallContext| async move {
                let (chapters, tags) = (book("a", None).chapters(cx)?, book("a", None).tags(cx)?);
                chapters.create(&inside, chapter("one")).await?;
                tags.create(&inside, Tag { id: "x".to_owned() }).await?;
                assert_eq!(chapters.count(&inside, None).await?, 1);
                Err::<(), _>(Error::aborted("on purpose"))
            };
            let outcome = books.transaction(cx, &options, work).await;
            assert_eq!(told(outcome).1, "on purpose");
            let (chapters, tags) = (book("a", None).chapters(cx)?, book("a", None).tags(cx)?);
            assert_eq!(chapters.count(cx, None).await?, 0);
            assert_eq!(tags.count(cx, None).await?, 0);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn related_rows_are_included_and_streamed() {
    check(|cx| {
        Box::pin(async move {
            let (a, b) = (book("a", Some("ada")), book("b", None));
            let chapters = a.chapters(cx)?;
            let texts = (0..1_200).map(|n| chapter(&format!("{n:04}")));
            chapters.create_all(cx, texts.collect()).await?;
            b.chapters(cx)?.create(cx, chapter("other")).await?;
            let mut query = Query::new(chapters.model().key_order().clone());
            query.skip = 1;
            let mut streamed: Vec<Chapter> = chapters.stream(cx, &query).try_collect().await?;
            assert_eq!(streamed.len(), 1_199);
            streamed.retain(|chapter| chapter.book_id != "a");
            assert_eq!(streamed, []);
            query.limit = Some(700);
            let some: Vec<Chapter> = chapters.stream(cx, &query).try_collect().await?;
            assert_eq!(some.len(), 700);

            let wanted =
                r#"[{"relation":"chapters","scope":{"limit":2,"order":["text DESC"]}},"author"]"#;
            let rows = include(cx, cx, vec![b, a], wanted).await?;
            let told: Vec<(&str, Vec<&str>, Option<&str>)> = rows
                .iter()
                .map(|book| {
                    let chapters = book.chapters.iter().map(|chapter| &*chapter.text);
                    let author = book.author.as_ref().map(|author| &*author.id);
                    (&*book.id, chapters.collect(), author)
                })
                .collect();
            let due = [
                ("b", vec!["other"], None),
                ("a", vec!["1199", "1198"], Some("ada")),
            ];
            assert_eq!(told, due);
            let unknown = include(cx, cx, rows, "chapter").await;
            let (code, text) = self::told(unknown);
            assert_eq!(code, Code::InvalidArgument);
            assert!(text.starts_with("include: column 1"), "{text}");
            Ok(())
        })
    })
    .await;
}
